#!/usr/bin/env python3
"""Writes down the binary interface that a directory of FUSE headers describes, as facts one a line:

    VERSIONS NAME = VALUE        25,26 struct fuse_args.argc.offset = 0

VERSIONS are the FUSE_USE_VERSIONs the line is true for.  clang's syntax tree names the records, enums and
functions; a generated C program prints sizes and offsets as the compiler sees them, and measures bit-fields by
setting each to all ones in zeroed storage.  No text of the headers is kept, except bodies of macros (one line
each) that make or rename something.

usage: gen_layout.py --include DIR --versions 25,26,... --headers fuse.h,fuse_lowlevel.h,... > FILE

check-layout reads what this writes.  Needs clang and cc; nothing is linked with a FUSE library.
"""
import argparse, json, os, re, subprocess, sys, tempfile

CONST_RE = re.compile(r'^_*(FUSE|CUSE|LIBFUSE)_\w+$')
API_RE = re.compile(r'^_*[fc]use_\w+$')


def run(cmd, text=None, check=True):
    p = subprocess.run(cmd, input=text, text=True, capture_output=True)
    if check and p.returncode:
        sys.exit('%s failed:\n%s' % (' '.join(cmd), p.stderr[:3000]))
    return p


def declarations(tu, inc):
    """Top-level declarations that come from inc. clang gives a file name only where it changes."""
    cur = None

    def visit(n):
        nonlocal cur
        if isinstance(n, dict):
            if isinstance(n.get('file'), str):
                cur = n['file']
            for k, v in n.items():
                if k != 'includedFrom':
                    visit(v)
        elif isinstance(n, list):
            for v in n:
                visit(v)

    for d in tu['inner']:
        visit(d.get('loc'))
        if cur and os.path.abspath(cur).startswith(inc + '/'):
            yield d
        visit({k: v for k, v in d.items() if k != 'loc'})


def fields(rec, prefix=''):
    """[(path, type, is a bit-field)], through unnamed structs and unions"""
    out, last = [], None
    for n in rec.get('inner', []):
        if n['kind'] == 'RecordDecl':
            last = n
        elif n['kind'] == 'FieldDecl':
            name, qual = n.get('name'), n['type']['qualType']
            unnamed = 'unnamed' in qual or 'anonymous' in qual
            if name is None:
                if not n.get('isBitfield') and last is not None:
                    out += fields(last, prefix)
                continue
            if unnamed and last is not None:
                out += fields(last, prefix + name + '.')
            else:
                out.append((prefix + name, re.sub(r'\s+', ' ', qual), n.get('isBitfield', False)))
    return out


def macros(text, inc, flags):
    """{name: (arguments, body)} of the macros that headers in inc define and do not undefine again"""
    out, cur = {}, ''
    for line in run(['cc', '-E', '-dD', '-xc', '-'] + flags, text).stdout.splitlines():
        m = re.match(r'# \d+ "([^"]*)"', line)
        if m:
            cur = os.path.abspath(m[1])
            continue
        m = re.match(r'#define (\w+)(\([^)]*\))?\s*(.*)', line)
        if m and cur.startswith(inc + '/'):
            out[m[1]] = (m[2] or '', re.sub(r'\s+', ' ', m[3]).strip())
        m = re.match(r'#undef (\w+)', line)
        if m:
            out.pop(m[1], None)
    return out


def reached(text, names, flags, tmp):
    """{API name: symbol} that an object file refers to"""
    obj = os.path.join(tmp, 'sym.o')
    prog = text + 'void *table[] = {%s};\n' % ','.join('(void *)' + n for n in names)
    run(['cc', '-w', '-c', '-O0', '-fno-pic', '-xc', '-', '-o', obj] + flags, prog)
    out = {}
    for line in run(['readelf', '-rW', obj]).stdout.splitlines():
        p = line.split()
        if len(p) >= 5 and re.match(r'^[0-9a-f]{12,16}$', p[0]):
            out[names[int(p[0], 16) // 8]] = p[4]
    return out


def facts(ver, headers, inc, flags, tmp):
    """Yields 'NAME = VALUE' for one FUSE_USE_VERSION."""
    text = '#define FUSE_USE_VERSION %s\n' % ver + ''.join('#include <%s>\n' % h for h in headers)
    text += '#include <stddef.h>\n#include <stdio.h>\n#include <string.h>\n'
    tree = run(['clang', '-fsyntax-only', '-w', '-Xclang', '-ast-dump=json', '-xc', '-'] + flags, text).stdout
    recs, enums, funcs, types = {}, set(), {}, {}
    for d in declarations(json.loads(tree), inc):
        kind, name = d['kind'], d.get('name')
        if kind == 'RecordDecl' and d.get('completeDefinition') and name and not name.startswith('_'):
            recs[d['tagUsed'] + ' ' + name] = d
        elif kind == 'EnumDecl':
            enums.update(e['name'] for e in d.get('inner', []) if e['kind'] == 'EnumConstantDecl')
        elif kind == 'FunctionDecl':
            funcs[name] = re.sub(r'\s+', ' ', d['type']['qualType'])
        elif kind == 'TypedefDecl':
            types[name] = re.sub(r'\s+', ' ', d['type']['qualType'])
    mac = macros(text, inc, flags)

    c = [text] + ['#undef ' + m for m in sorted(mac) if API_RE.match(m)]
    c += ['static void bits(const char *n, const void *p, size_t s) {',
          ' const unsigned char *b = p; long first = -1; int width = 0;',
          ' for (size_t i = 0; i < s * 8; i++)',
          '  if (b[i / 8] >> (i % 8) & 1) { if (first < 0) first = (long)i; width++; }',
          ' printf("%s.bitpos = %ld\\n%s.bitwidth = %d\\n", n, first, n, width); }',
          'int main(void) {']
    for r in sorted(recs):
        c.append('printf("%s.sizeof = %%zu\\n%s.alignof = %%zu\\n", sizeof(%s), _Alignof(%s));' % (r, r, r, r))
        for path, qual, bit in fields(recs[r]):
            n = r + '.' + path
            if bit:
                c.append('{ %s x; memset(&x, 0, sizeof x); x.%s = ~0ULL; bits("%s", &x, sizeof x); }' % (r, path, n))
            else:
                c.append('printf("%s.offset = %%zu\\n", offsetof(%s, %s));' % (n, r, path))
                if not qual.endswith('[]'):
                    c.append('printf("%s.size = %%zu\\n", sizeof(((%s *)0)->%s));' % (n, r, path))
            c.append('puts("%s.type = %s");' % (n, qual))
    c += ['printf("enum.%s = %%lld\\n", (long long)%s);' % (e, e) for e in sorted(enums)]
    c += ['puts("typedef.%s = %s");' % (t, types[t]) for t in sorted(types)]
    for m in sorted(mac):
        args, body = mac[m]
        if args or not body or not CONST_RE.match(m):
            continue
        probe = text + 'long long v = (long long)(%s);\n' % m
        if run(['cc', '-fsyntax-only', '-w', '-xc', '-'] + flags, probe, check=False).returncode == 0:
            c.append('printf("const.%s = 0x%%llx\\n", (unsigned long long)(%s));' % (m, m))
    c.append('return 0; }')
    exe = os.path.join(tmp, 'facts')
    run(['cc', '-w', '-xc', '-', '-o', exe] + flags, '\n'.join(c))
    yield from run([exe]).stdout.splitlines()
    for m in sorted(mac):
        args, body = mac[m]
        if (args or API_RE.match(m)) and body:
            yield 'macro.%s%s = %s' % (m, args, body)
    for f in sorted(funcs):
        yield 'func.%s = %s' % (f, funcs[f])
    to = reached(text, sorted(funcs), flags, tmp)
    for f in sorted(to):
        yield 'symbol.%s = %s' % (f, to[f])


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('--include', required=True)
    ap.add_argument('--versions', required=True)
    ap.add_argument('--headers', required=True)
    a = ap.parse_args()
    inc = os.path.abspath(a.include)
    flags = ['-D_FILE_OFFSET_BITS=64', '-D_GNU_SOURCE', '-I' + inc]
    lines = {}
    with tempfile.TemporaryDirectory(prefix='layout') as tmp:
        for ver in a.versions.split(','):
            for line in facts(ver, a.headers.split(','), inc, flags, tmp):
                lines.setdefault(line, []).append(ver)
    for line, vers in lines.items():
        print(','.join(vers), line)


if __name__ == '__main__':
    main()
