#!/bin/sh
. "$(dirname "$0")/_common.sh"
begin httpfs2; need httpfs2 python3
mktree $W/src nosym
cat >$W/server.py <<'X'
import http.server, io, os, re, sys
class H(http.server.SimpleHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(s, *a): pass
    def send_head(s):
        p = s.translate_path(s.path); r = s.headers.get('Range')
        if not os.path.isfile(p) or not r: return super().send_head()
        m = re.match(r'bytes=(\d+)-(\d*)', r); n = os.path.getsize(p); a = int(m[1]); b = min(int(m[2]) if m[2] else n - 1, n - 1)
        s.send_response(206); s.send_header('Content-Range', 'bytes %d-%d/%d' % (a, b, n))
        s.send_header('Accept-Ranges', 'bytes'); s.send_header('Content-Length', str(b - a + 1)); s.end_headers()
        f = open(p, 'rb'); f.seek(a); return io.BytesIO(f.read(b - a + 1))
    def end_headers(s):
        if s.command == 'HEAD': s.send_header('Accept-Ranges', 'bytes')
        super().end_headers()
os.chdir(sys.argv[1])
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
with open(sys.argv[2] + '.new', 'w') as f: print(s.server_address[1], file=f)
os.rename(sys.argv[2] + '.new', sys.argv[2]); s.serve_forever()
X
bg env -u LD_LIBRARY_PATH python3 $W/server.py $W/src $W/port
wait_for [ -e $W/port ] || die "no server"
bg httpfs2 -f http://127.0.0.1:$(cat $W/port)/sub/rnd.bin $MNT
mounted; [ "$(sum $MNT/rnd.bin)" = "$(sum $W/src/sub/rnd.bin)" ] || die content; um; pass
