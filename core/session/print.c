/*
 * What -d shows: each request and reply, from the wire's own table.
 */
#include "core/session/session_priv.h"

#include <string.h>

void session_print_request(struct core_session *se, const struct core_msg *msg)
{
	char text[4096];

	core_wire_print_request(text, sizeof(text), msg, se->minor, se->caps);
	core_debug("%s\n", text);
}

void session_print_reply(struct core_session *se, struct core_req *req,
			 const struct wire_out_header *out, const struct iovec *iov, int n)
{
	char text[2048], flat[512];
	size_t len = 0;

	(void)se;
	/* The fixed structures are small; of data only the length is shown. */
	for (int i = 0; i < n && len < sizeof(flat); i++) {
		size_t part = iov[i].iov_len < sizeof(flat) - len ? iov[i].iov_len
								  : sizeof(flat) - len;

		if (part)
			memcpy(flat + len, iov[i].iov_base, part);
		len += part;
	}
	core_wire_print_reply(text, sizeof(text), req->opcode, out, flat, len);
	core_debug("%s\n", text);
}
