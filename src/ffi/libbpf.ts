/**
 * The functions of libbpf 1.x this library calls, each with its C declaration, bound when first needed. Since 1.0
 * functions that return an int return -errno, and those that return a pointer return NULL and set errno.
 *
 * @module
 */

import { type Library, type LibraryTable, openLibrary } from "./library.ts";
import { libc } from "./libc.ts";

const TABLE = {
  hot: {
    /** `int bpf_map_lookup_elem(int fd, const void *key, void *value)`. */
    bpf_map_lookup_elem: {
      parameters: [
        "i32", // int fd
        "buffer", // const void *key
        "buffer", // void *value
      ],
      result: "i32",
    },
    /** `int bpf_map_get_next_key(int fd, const void *key, void *next_key)`. */
    bpf_map_get_next_key: {
      parameters: [
        "i32", // int fd
        "buffer", // const void *key
        "buffer", // void *next_key
      ],
      result: "i32",
    },
    /** `int bpf_prog_test_run_opts(int prog_fd, struct bpf_test_run_opts *opts)`. */
    bpf_prog_test_run_opts: {
      parameters: [
        "i32", // int prog_fd
        "pointer", // struct bpf_test_run_opts *opts
      ],
      result: "i32",
    },
  },
  cold: {
    /** `const char *libbpf_version_string(void)`. */
    libbpf_version_string: { parameters: [], result: "pointer" },
    /** `libbpf_print_fn_t libbpf_set_print(libbpf_print_fn_t fn)`. */
    libbpf_set_print: {
      parameters: [
        "pointer", // libbpf_print_fn_t fn
      ],
      result: "pointer",
    },
    /** `int libbpf_strerror(int err, char *buf, size_t size)`. */
    libbpf_strerror: {
      parameters: [
        "i32", // int err
        "buffer", // char *buf
        "usize", // size_t size
      ],
      result: "i32",
    },
    /** `int libbpf_num_possible_cpus(void)`. */
    libbpf_num_possible_cpus: { parameters: [], result: "i32" },
    /** `struct bpf_object *bpf_object__open_file(const char *path, const struct bpf_object_open_opts *opts)`. */
    bpf_object__open_file: {
      parameters: [
        "buffer", // const char *path
        "buffer", // const struct bpf_object_open_opts *opts
      ],
      result: "pointer",
    },
    /** `struct bpf_object *bpf_object__open_mem(const void *obj_buf, size_t obj_buf_sz, const struct bpf_object_open_opts *opts)`. */
    bpf_object__open_mem: {
      parameters: [
        "buffer", // const void *obj_buf
        "usize", // size_t obj_buf_sz
        "buffer", // const struct bpf_object_open_opts *opts
      ],
      result: "pointer",
    },
    /** `int bpf_object__load(struct bpf_object *obj)`. */
    bpf_object__load: {
      parameters: [
        "pointer", // struct bpf_object *obj
      ],
      result: "i32",
    },
    /** `void bpf_object__close(struct bpf_object *obj)`. */
    bpf_object__close: {
      parameters: [
        "pointer", // struct bpf_object *obj
      ],
      result: "void",
    },
    /** `struct btf *bpf_object__btf(const struct bpf_object *obj)`. */
    bpf_object__btf: {
      parameters: [
        "pointer", // const struct bpf_object *obj
      ],
      result: "pointer",
    },
    /** `struct bpf_program *bpf_object__next_program(const struct bpf_object *obj, struct bpf_program *prog)`. */
    bpf_object__next_program: {
      parameters: [
        "pointer", // const struct bpf_object *obj
        "pointer", // struct bpf_program *prog
      ],
      result: "pointer",
    },
    /** `struct bpf_map *bpf_object__next_map(const struct bpf_object *obj, const struct bpf_map *map)`. */
    bpf_object__next_map: {
      parameters: [
        "pointer", // const struct bpf_object *obj
        "pointer", // const struct bpf_map *map
      ],
      result: "pointer",
    },
    /** `const char *bpf_program__name(const struct bpf_program *prog)`. */
    bpf_program__name: {
      parameters: [
        "pointer", // const struct bpf_program *prog
      ],
      result: "pointer",
    },
    /** `int bpf_program__fd(const struct bpf_program *prog)`. */
    bpf_program__fd: {
      parameters: [
        "pointer", // const struct bpf_program *prog
      ],
      result: "i32",
    },
    /** `struct bpf_link *bpf_program__attach(const struct bpf_program *prog)`. */
    bpf_program__attach: {
      parameters: [
        "pointer", // const struct bpf_program *prog
      ],
      result: "pointer",
    },
    /** `struct bpf_link *bpf_program__attach_tracepoint_opts(const struct bpf_program *prog, const char *tp_category, const char *tp_name, const struct bpf_tracepoint_opts *opts)`. */
    bpf_program__attach_tracepoint_opts: {
      parameters: [
        "pointer", // const struct bpf_program *prog
        "buffer", // const char *tp_category
        "buffer", // const char *tp_name
        "buffer", // const struct bpf_tracepoint_opts *opts
      ],
      result: "pointer",
    },
    /** `int bpf_program__set_autoload(struct bpf_program *prog, bool autoload)`. */
    bpf_program__set_autoload: {
      parameters: [
        "pointer", // struct bpf_program *prog
        "bool", // bool autoload
      ],
      result: "i32",
    },
    /** `int bpf_obj_get_info_by_fd(int bpf_fd, void *info, __u32 *info_len)`. */
    bpf_obj_get_info_by_fd: {
      parameters: [
        "i32", // int bpf_fd
        "buffer", // void *info
        "buffer", // __u32 *info_len
      ],
      result: "i32",
    },
    /** `int bpf_link__fd(const struct bpf_link *link)`. */
    bpf_link__fd: {
      parameters: [
        "pointer", // const struct bpf_link *link
      ],
      result: "i32",
    },
    /** `int bpf_link__destroy(struct bpf_link *link)`. */
    bpf_link__destroy: {
      parameters: [
        "pointer", // struct bpf_link *link
      ],
      result: "i32",
    },
    /** `const char *bpf_map__name(const struct bpf_map *map)`. */
    bpf_map__name: {
      parameters: [
        "pointer", // const struct bpf_map *map
      ],
      result: "pointer",
    },
    /** `int bpf_map__fd(const struct bpf_map *map)`. */
    bpf_map__fd: {
      parameters: [
        "pointer", // const struct bpf_map *map
      ],
      result: "i32",
    },
    /** `enum bpf_map_type bpf_map__type(const struct bpf_map *map)`. */
    bpf_map__type: {
      parameters: [
        "pointer", // const struct bpf_map *map
      ],
      result: "u32",
    },
    /** `__u32 bpf_map__key_size(const struct bpf_map *map)`. */
    bpf_map__key_size: {
      parameters: [
        "pointer", // const struct bpf_map *map
      ],
      result: "u32",
    },
    /** `__u32 bpf_map__value_size(const struct bpf_map *map)`. */
    bpf_map__value_size: {
      parameters: [
        "pointer", // const struct bpf_map *map
      ],
      result: "u32",
    },
    /** `__u32 bpf_map__max_entries(const struct bpf_map *map)`. */
    bpf_map__max_entries: {
      parameters: [
        "pointer", // const struct bpf_map *map
      ],
      result: "u32",
    },
    /** `int bpf_map__set_max_entries(struct bpf_map *map, __u32 max_entries)`. */
    bpf_map__set_max_entries: {
      parameters: [
        "pointer", // struct bpf_map *map
        "u32", // __u32 max_entries
      ],
      result: "i32",
    },
    /** `int bpf_map__reuse_fd(struct bpf_map *map, int fd)`. */
    bpf_map__reuse_fd: {
      parameters: [
        "pointer", // struct bpf_map *map
        "i32", // int fd
      ],
      result: "i32",
    },
    /** `const void *bpf_map__initial_value(struct bpf_map *map, size_t *psize)`. */
    bpf_map__initial_value: {
      parameters: [
        "pointer", // struct bpf_map *map
        "buffer", // size_t *psize
      ],
      result: "pointer",
    },
    /** `int bpf_map_create(enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size, __u32 max_entries, const struct bpf_map_create_opts *opts)`. */
    bpf_map_create: {
      parameters: [
        "u32", // enum bpf_map_type map_type
        "buffer", // const char *map_name
        "u32", // __u32 key_size
        "u32", // __u32 value_size
        "u32", // __u32 max_entries
        "pointer", // const struct bpf_map_create_opts *opts
      ],
      result: "i32",
    },
    /** `int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)`. */
    bpf_map_update_elem: {
      parameters: [
        "i32", // int fd
        "buffer", // const void *key
        "buffer", // const void *value
        "u64", // __u64 flags
      ],
      result: "i32",
    },
    /** `int bpf_map_delete_elem(int fd, const void *key)`. */
    bpf_map_delete_elem: {
      parameters: [
        "i32", // int fd
        "buffer", // const void *key
      ],
      result: "i32",
    },
    /** `int bpf_obj_pin(int fd, const char *pathname)`. */
    bpf_obj_pin: {
      parameters: [
        "i32", // int fd
        "buffer", // const char *pathname
      ],
      result: "i32",
    },
    /** `int bpf_obj_get(const char *pathname)`. */
    bpf_obj_get: {
      parameters: [
        "buffer", // const char *pathname
      ],
      result: "i32",
    },
    /** `__s32 btf__find_by_name_kind(const struct btf *btf, const char *type_name, __u32 kind)`. */
    btf__find_by_name_kind: {
      parameters: [
        "pointer", // const struct btf *btf
        "buffer", // const char *type_name
        "u32", // __u32 kind
      ],
      result: "i32",
    },
    /** `const struct btf_type *btf__type_by_id(const struct btf *btf, __u32 id)`. */
    btf__type_by_id: {
      parameters: [
        "pointer", // const struct btf *btf
        "u32", // __u32 id
      ],
      result: "pointer",
    },
    /** `const char *btf__name_by_offset(const struct btf *btf, __u32 offset)`. */
    btf__name_by_offset: {
      parameters: [
        "pointer", // const struct btf *btf
        "u32", // __u32 offset
      ],
      result: "pointer",
    },
    /** `int bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license, const struct bpf_insn *insns, size_t insn_cnt, const struct bpf_prog_load_opts *opts)`. */
    bpf_prog_load: {
      parameters: [
        "u32", // enum bpf_prog_type prog_type
        "buffer", // const char *prog_name
        "buffer", // const char *license
        "buffer", // const struct bpf_insn *insns
        "usize", // size_t insn_cnt
        "buffer", // const struct bpf_prog_load_opts *opts
      ],
      result: "i32",
    },
    /** `int bpf_raw_tracepoint_open(const char *name, int prog_fd)`; without a name, what the program was loaded for. */
    bpf_raw_tracepoint_open: {
      parameters: [
        "buffer", // const char *name
        "i32", // int prog_fd
      ],
      result: "i32",
    },
    /** `int bpf_link_create(int prog_fd, int target_fd, enum bpf_attach_type type, const struct bpf_link_create_opts *opts)`. */
    bpf_link_create: {
      parameters: [
        "i32", // int prog_fd
        "i32", // int target_fd
        "u32", // enum bpf_attach_type attach_type
        "pointer", // const struct bpf_link_create_opts *opts
      ],
      result: "i32",
    },
    /** `int libbpf_find_vmlinux_btf_id(const char *name, enum bpf_attach_type attach_type)`. */
    libbpf_find_vmlinux_btf_id: {
      parameters: [
        "buffer", // const char *name
        "u32", // enum bpf_attach_type attach_type
      ],
      result: "i32",
    },
  },
} as const satisfies LibraryTable;

/** The bound functions of libbpf. */
export type Libbpf = Library<typeof TABLE>;

/** The names of all functions bound, for `deno task doctor`. */
export const LIBBPF_SYMBOLS: readonly string[] = [
  ...Object.keys(TABLE.hot),
  ...Object.keys(TABLE.cold),
];

/** The library's file name. */
export const LIBBPF = "libbpf.so.1";

const ADVICE = "install Debian's package libbpf1 (libbpf 1.0 or later)";

let bound: Libbpf | undefined;

/**
 * The functions of libbpf, bound at the first call.
 *
 * @returns The bound functions; the same object at every call.
 */
export function libbpf(): Libbpf {
  return bound ?? bind();
}

function bind(): Libbpf {
  libc(); // so that errno() can be read after libbpf's calls
  const opened = openLibrary(LIBBPF, TABLE, ADVICE);
  // libbpf writes its warnings to stderr by itself. They are process-wide and may come from any thread, so they
  // cannot be caught by a callback into one isolate; our errors carry errno and the verifier's log instead.
  opened.libbpf_set_print(null);
  bound = opened;
  return bound;
}

/**
 * The text at a `const char *` that libbpf returned.
 *
 * @param pointer The C string.
 * @returns The text; empty for NULL.
 */
export function readCstring(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);
}
