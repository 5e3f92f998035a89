/*
 * From a checked message to the program's operation. One small function an opcode, a table,
 * and the frame around them.
 */
#include "core/session/session_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sysmacros.h>

typedef void (*handler)(struct core_req *req);

#define IN(type)  const struct wire_##type *in = req->args.in
#define OPS       (&req->se->ops)
#define NEED(op)                                                                                   \
	if (core_unlikely(!OPS->op)) {                                                             \
		core_reply_err(req, ENOSYS);                                                       \
		return;                                                                            \
	}
/* Operations whose absence a handle does not notice. */
#define NEED_OR_OK(op)                                                                             \
	if (!OPS->op) {                                                                            \
		core_reply_err(req, 0);                                                            \
		return;                                                                            \
	}

static dev_t decode_dev(uint32_t dev)
{
	return makedev((dev & 0xfff00) >> 8, (dev & 0xff) | ((dev >> 12) & 0xfff00));
}

static void fi_init(struct core_file_info *fi, uint64_t fh)
{
	memset(fi, 0, sizeof(*fi));
	fi->fh = fh;
}

static uint32_t kill_suidgid(const struct core_req *req, uint32_t open_flags)
{
	bool kill = (open_flags & WIRE_OPEN_KILL_SUIDGID) &&
		    (req->se->caps & WIRE_CAP(HANDLE_KILLPRIV_V2));

	return kill ? CORE_FI_KILL_SUIDGID : 0;
}

static void do_lookup(struct core_req *req)
{
	NEED(lookup);
	OPS->lookup(req, req->nodeid, req->args.name[0]);
}

/* The program may answer what the kernel wants no answer for. */
static void no_answer(struct core_req *req)
{
	atomic_store_explicit(&req->state, REQ_CLOSER, memory_order_relaxed);
}

static void do_forget(struct core_req *req)
{
	IN(forget_in);

	no_answer(req);
	if (OPS->forget)
		OPS->forget(req, req->nodeid, in->nlookup);
	else
		core_reply_none(req);
}

static void do_batch_forget(struct core_req *req)
{
	IN(batch_forget_in);
	const struct wire_forget_one *one = req->args.data;

	_Static_assert(sizeof(struct core_forget) == sizeof(struct wire_forget_one), "same layout");
	no_answer(req);
	if (OPS->forget_multi) {
		OPS->forget_multi(req, in->count, (const struct core_forget *)one);
		return;
	}
	if (OPS->forget) {
		/* Each call answers ("none") a request of its own; these have no kernel side. */
		for (uint32_t i = 0; i < in->count; i++) {
			struct core_req *sub = req_alloc(req->se);

			if (!sub)
				break;
			sub->ch = req->ch;
			sub->w = NULL;
			sub->unique = req->unique;
			sub->opcode = WIRE_FORGET;
			sub->nodeid = one[i].nodeid;
			sub->ctx = req->ctx;
			core_channel_get(req->ch);
			pthread_mutex_lock(&req->se->lock);
			sub->next = req->se->kept;
			if (sub->next)
				sub->next->prev = sub;
			req->se->kept = sub;
			pthread_mutex_unlock(&req->se->lock);
			atomic_store(&sub->state, REQ_DETACHED);
			OPS->forget(sub, one[i].nodeid, one[i].nlookup);
		}
	}
	core_reply_none(req);
}

static void do_getattr(struct core_req *req)
{
	struct core_file_info fi;
	IN(getattr_in);

	NEED(getattr);
	if (in->getattr_flags & WIRE_GETATTR_FH) {
		fi_init(&fi, in->fh);
		OPS->getattr(req, req->nodeid, &fi);
	} else {
		OPS->getattr(req, req->nodeid, NULL);
	}
}

static void do_setattr(struct core_req *req)
{
	struct core_file_info fi, *fip = NULL;
	struct stat st;
	IN(setattr_in);

	NEED(setattr);
	memset(&st, 0, sizeof(st));
	st.st_mode = in->mode;
	st.st_uid = in->uid;
	st.st_gid = in->gid;
	st.st_size = (off_t)in->size;
	st.st_atim.tv_sec = in->atime;
	st.st_atim.tv_nsec = in->atimensec;
	st.st_mtim.tv_sec = in->mtime;
	st.st_mtim.tv_nsec = in->mtimensec;
	st.st_ctim.tv_sec = in->ctime;
	st.st_ctim.tv_nsec = in->ctimensec;
	if (in->valid & WIRE_FATTR_FH) {
		fi_init(&fi, in->fh);
		if (in->valid & WIRE_FATTR_LOCKOWNER)
			fi.lock_owner = in->lock_owner;
		fip = &fi;
	}
	OPS->setattr(req, req->nodeid, &st,
		     (int)(in->valid & ~(uint32_t)(WIRE_FATTR_FH | WIRE_FATTR_LOCKOWNER)), fip);
}

static void do_access(struct core_req *req)
{
	IN(access_in);

	NEED(access);
	OPS->access(req, req->nodeid, (int)in->mask);
}

static void do_readlink(struct core_req *req)
{
	NEED(readlink);
	req->out_limit = (uint32_t)sysconf(_SC_PAGESIZE) - 1;
	OPS->readlink(req, req->nodeid);
}

static void do_mknod(struct core_req *req)
{
	IN(mknod_in);

	NEED(mknod);
	req->ctx.umask = in->umask;
	OPS->mknod(req, req->nodeid, req->args.name[0], in->mode, decode_dev(in->rdev));
}

static void do_mkdir(struct core_req *req)
{
	IN(mkdir_in);

	NEED(mkdir);
	req->ctx.umask = in->umask;
	OPS->mkdir(req, req->nodeid, req->args.name[0], in->mode);
}

static void do_unlink(struct core_req *req)
{
	NEED(unlink);
	OPS->unlink(req, req->nodeid, req->args.name[0]);
}

static void do_rmdir(struct core_req *req)
{
	NEED(rmdir);
	OPS->rmdir(req, req->nodeid, req->args.name[0]);
}

static void do_symlink(struct core_req *req)
{
	NEED(symlink);
	OPS->symlink(req, req->args.name[1], req->nodeid, req->args.name[0]);
}

static void do_rename(struct core_req *req)
{
	IN(rename_in);

	NEED(rename);
	OPS->rename(req, req->nodeid, req->args.name[0], in->newdir, req->args.name[1], 0);
}

static void do_rename2(struct core_req *req)
{
	IN(rename2_in);

	NEED(rename);
	OPS->rename(req, req->nodeid, req->args.name[0], in->newdir, req->args.name[1], in->flags);
}

static void do_link(struct core_req *req)
{
	IN(link_in);

	NEED(link);
	OPS->link(req, in->oldnodeid, req->nodeid, req->args.name[0]);
}

static void do_create(struct core_req *req)
{
	struct core_file_info fi;
	IN(create_in);

	NEED(create);
	fi_init(&fi, 0);
	fi.flags = (int)in->flags;
	fi.bits = kill_suidgid(req, in->open_flags);
	req->ctx.umask = in->umask;
	OPS->create(req, req->nodeid, req->args.name[0], in->mode, &fi);
}

static void do_tmpfile(struct core_req *req)
{
	struct core_file_info fi;
	IN(create_in);

	NEED(tmpfile);
	fi_init(&fi, 0);
	fi.flags = (int)in->flags;
	req->ctx.umask = in->umask;
	OPS->tmpfile(req, req->nodeid, in->mode, &fi);
}

/* open and opendir may be absent: then every open succeeds, with handle 0. */
static void open_common(struct core_req *req,
			void (*op)(struct core_req *, uint64_t, struct core_file_info *))
{
	struct core_file_info fi;
	IN(open_in);

	fi_init(&fi, 0);
	fi.flags = (int)in->flags;
	fi.bits = kill_suidgid(req, in->open_flags);
	if (op) {
		op(req, req->nodeid, &fi);
		return;
	}
	uint64_t no_more = req->opcode == WIRE_OPEN ? WIRE_CAP(NO_OPEN_SUPPORT)
						    : WIRE_CAP(NO_OPENDIR_SUPPORT);

	/* ENOSYS makes the kernel stop asking, if the program wants that. */
	if (session_caps(req->se) & no_more)
		core_reply_err(req, ENOSYS);
	else
		core_reply_open(req, &fi);
}

static void do_open(struct core_req *req)
{
	open_common(req, OPS->open);
}

static void do_opendir(struct core_req *req)
{
	open_common(req, OPS->opendir);
}

static void fi_read(struct core_file_info *fi, const struct wire_read_in *in)
{
	fi_init(fi, in->fh);
	fi->flags = (int)in->flags;
	if (in->read_flags & WIRE_READ_LOCKOWNER)
		fi->lock_owner = in->lock_owner;
}

static void timed_read(struct core_req *req, const struct wire_read_in *in,
		       struct core_file_info *fi)
{
	struct readahead_watch watch;

	session_readahead_before(&watch, req->se, in->size);
	OPS->read(req, req->nodeid, in->size, (off_t)in->offset, fi);
	session_readahead_after(&watch);
}

static void do_read(struct core_req *req)
{
	struct core_file_info fi;
	IN(read_in);

	NEED(read);
	fi_read(&fi, in);
	req->out_limit = in->size;
	if (core_unlikely(in->size >= CORE_READAHEAD_USUAL &&
			  atomic_load_explicit(&req->se->watch_reads, memory_order_relaxed))) {
		timed_read(req, in, &fi);
		return;
	}
	OPS->read(req, req->nodeid, in->size, (off_t)in->offset, &fi);
}

static void do_readdir(struct core_req *req)
{
	struct core_file_info fi;
	IN(read_in);

	NEED(readdir);
	fi_read(&fi, in);
	req->out_limit = in->size;
	OPS->readdir(req, req->nodeid, in->size, (off_t)in->offset, &fi);
}

static void do_readdirplus(struct core_req *req)
{
	struct core_file_info fi;
	IN(read_in);

	NEED(readdirplus);
	fi_read(&fi, in);
	req->out_limit = in->size;
	OPS->readdirplus(req, req->nodeid, in->size, (off_t)in->offset, &fi);
}

static void do_write(struct core_req *req)
{
	struct core_file_info fi;
	IN(write_in);

	fi_init(&fi, in->fh);
	fi.flags = (int)in->flags;
	if (in->write_flags & WIRE_WRITE_CACHE)
		fi.bits |= CORE_FI_WRITEPAGE;
	if (in->write_flags & WIRE_WRITE_LOCKOWNER)
		fi.lock_owner = in->lock_owner;
	if (in->write_flags & WIRE_WRITE_KILL_SUIDGID)
		fi.bits |= CORE_FI_KILL_SUIDGID;
	req->out_limit = in->size;
	if (OPS->write_buf) {
		struct core_bufvec v = CORE_BUFVEC_INIT(req->args.data_len);

		v.buf[0].mem = (void *)req->args.data;
		OPS->write_buf(req, req->nodeid, &v, (off_t)in->offset, &fi);
		return;
	}
	NEED(write);
	OPS->write(req, req->nodeid, req->args.data, req->args.data_len, (off_t)in->offset, &fi);
}

static void do_flush(struct core_req *req)
{
	struct core_file_info fi;
	IN(flush_in);

	NEED(flush);
	fi_init(&fi, in->fh);
	fi.bits = CORE_FI_FLUSH;
	fi.lock_owner = in->lock_owner;
	OPS->flush(req, req->nodeid, &fi);
}

static void fi_release(struct core_file_info *fi, const struct wire_release_in *in)
{
	fi_init(fi, in->fh);
	fi->flags = (int)in->flags;
	fi->lock_owner = in->lock_owner;
	if (in->release_flags & WIRE_RELEASE_FLUSH)
		fi->bits |= CORE_FI_FLUSH;
	if (in->release_flags & WIRE_RELEASE_FLOCK_UNLOCK)
		fi->bits |= CORE_FI_FLOCK_RELEASE;
}

static void do_release(struct core_req *req)
{
	struct core_file_info fi;
	IN(release_in);

	NEED_OR_OK(release);
	fi_release(&fi, in);
	OPS->release(req, req->nodeid, &fi);
}

static void do_releasedir(struct core_req *req)
{
	struct core_file_info fi;
	IN(release_in);

	NEED_OR_OK(releasedir);
	fi_release(&fi, in);
	OPS->releasedir(req, req->nodeid, &fi);
}

static void do_fsync(struct core_req *req)
{
	struct core_file_info fi;
	IN(fsync_in);

	NEED(fsync);
	fi_init(&fi, in->fh);
	OPS->fsync(req, req->nodeid, (int)(in->fsync_flags & WIRE_FSYNC_FDATASYNC), &fi);
}

static void do_fsyncdir(struct core_req *req)
{
	struct core_file_info fi;
	IN(fsync_in);

	NEED(fsyncdir);
	fi_init(&fi, in->fh);
	OPS->fsyncdir(req, req->nodeid, (int)(in->fsync_flags & WIRE_FSYNC_FDATASYNC), &fi);
}

static void do_statfs(struct core_req *req)
{
	static const struct statvfs none = { .f_bsize = 512, .f_namemax = 255 };

	if (OPS->statfs)
		OPS->statfs(req, req->nodeid);
	else
		core_reply_statfs(req, &none);
}

static void do_setxattr(struct core_req *req)
{
	IN(setxattr_in);

	NEED(setxattr);
	OPS->setxattr(req, req->nodeid, req->args.name[0], req->args.data, req->args.data_len,
		      (int)in->flags, in->setxattr_flags);
}

static void do_getxattr(struct core_req *req)
{
	IN(getxattr_in);

	NEED(getxattr);
	req->out_limit = in->size;
	OPS->getxattr(req, req->nodeid, req->args.name[0], in->size);
}

static void do_listxattr(struct core_req *req)
{
	IN(getxattr_in);

	NEED(listxattr);
	req->out_limit = in->size;
	OPS->listxattr(req, req->nodeid, in->size);
}

static void do_removexattr(struct core_req *req)
{
	NEED(removexattr);
	OPS->removexattr(req, req->nodeid, req->args.name[0]);
}

/* 0, or -EINVAL for a range that no struct flock can say. */
static int lock_from_wire(struct flock *fl, const struct wire_lk_in *in)
{
	if (core_unlikely(in->end > (uint64_t)INT64_MAX || in->start > in->end))
		return -EINVAL;
	memset(fl, 0, sizeof(*fl));
	fl->l_type = (short)in->type;
	fl->l_whence = SEEK_SET;
	fl->l_start = (off_t)in->start;
	fl->l_len = in->end == (uint64_t)INT64_MAX ? 0 : (off_t)(in->end - in->start + 1);
	fl->l_pid = (pid_t)in->pid;
	return 0;
}

static void do_getlk(struct core_req *req)
{
	struct core_file_info fi;
	struct flock fl;
	IN(lk_in);

	NEED(getlk);
	fi_init(&fi, in->fh);
	fi.lock_owner = in->owner;
	if (lock_from_wire(&fl, in))
		core_reply_err(req, EINVAL);
	else
		OPS->getlk(req, req->nodeid, &fi, &fl);
}

static void do_setlk(struct core_req *req)
{
	bool sleep = req->opcode == WIRE_SETLKW;
	struct core_file_info fi;
	struct flock fl;
	IN(lk_in);

	fi_init(&fi, in->fh);
	fi.lock_owner = in->owner;
	if (in->lk_flags & WIRE_LK_FLOCK) {
		int op = in->type == F_RDLCK ? LOCK_SH : in->type == F_WRLCK ? LOCK_EX : LOCK_UN;

		NEED(flock);
		OPS->flock(req, req->nodeid, &fi, op | (sleep ? 0 : LOCK_NB));
		return;
	}
	NEED(setlk);
	if (lock_from_wire(&fl, in))
		core_reply_err(req, EINVAL);
	else
		OPS->setlk(req, req->nodeid, &fi, &fl, sleep);
}

/* Requests that may wait for others run outside of the pool's count; see pool.h. */
static void do_setlkw(struct core_req *req)
{
	struct core_pool_thread *pt = req->w->pt;

	if (pt && core_pool_block_begin(pt)) {
		core_err("too many processes wait for locks (%d); refusing one more\n",
			 CORE_POOL_MAX_BLOCKED);
		core_reply_err(req, ENOLCK);
		return;
	}
	/* A caller who is killed must not wait for what its handler waits for. */
	if (core_interrupt_arm(req)) {
		core_reply_err(req, EINTR);
	} else {
		do_setlk(req);
		core_interrupt_disarm(req);
	}
	if (pt)
		core_pool_block_end(pt);
}

static void do_interrupt(struct core_req *req)
{
	IN(interrupt_in);

	if (req->se->cfg.no_interrupt)
		core_reply_err(req, ENOSYS);
	else
		session_interrupt(req, in->unique);
}

static void do_bmap(struct core_req *req)
{
	IN(bmap_in);

	NEED(bmap);
	OPS->bmap(req, req->nodeid, in->blocksize, in->block);
}

static void do_init(struct core_req *req)
{
	session_do_init(req, req->args.in);
}

static void do_ioctl(struct core_req *req)
{
	struct core_file_info fi;
	IN(ioctl_in);

	if ((in->flags & WIRE_IOCTL_DIR) && !(session_caps(req->se) & WIRE_CAP(IOCTL_DIR))) {
		core_reply_err(req, ENOTTY);
		return;
	}
	NEED(ioctl);
	fi_init(&fi, in->fh);
	req->out_limit = in->out_size;
	OPS->ioctl(req, req->nodeid, in->cmd, (void *)(uintptr_t)in->arg, &fi, in->flags,
		   in->in_size ? req->args.data : NULL, in->in_size, in->out_size);
}

static void do_poll(struct core_req *req)
{
	struct core_pollhandle *ph = NULL;
	struct core_file_info fi;
	IN(poll_in);

	NEED(poll);
	fi_init(&fi, in->fh);
	if (session_minor(req->se) >= 21)
		fi.poll_events = in->events;
	if (in->flags & WIRE_POLL_SCHEDULE_NOTIFY) {
		ph = malloc(sizeof(*ph));
		if (!ph) {
			core_reply_err(req, ENOMEM);
			return;
		}
		ph->se = req->se;
		ph->kh = in->kh;
	}
	OPS->poll(req, req->nodeid, &fi, ph);
}

static void do_notify_reply(struct core_req *req)
{
	no_answer(req);
	session_notify_reply(req, req->args.in, req->args.data, req->args.data_len);
}

static void do_fallocate(struct core_req *req)
{
	struct core_file_info fi;
	IN(fallocate_in);

	NEED(fallocate);
	fi_init(&fi, in->fh);
	OPS->fallocate(req, req->nodeid, (int)in->mode, (off_t)in->offset, (off_t)in->length, &fi);
}

static void do_lseek(struct core_req *req)
{
	struct core_file_info fi;
	IN(lseek_in);

	NEED(lseek);
	fi_init(&fi, in->fh);
	OPS->lseek(req, req->nodeid, (off_t)in->offset, (int)in->whence, &fi);
}

static void do_copy_file_range(struct core_req *req)
{
	struct core_file_info fi_in, fi_out;
	IN(copy_file_range_in);
	uint64_t len = in->len;

	NEED(copy_file_range);
	/* The old reply has 32 bits for what was copied. */
	if (req->opcode == WIRE_COPY_FILE_RANGE && len > 0x7ffff000u)
		len = 0x7ffff000u;
	req->out_limit = len > UINT32_MAX ? UINT32_MAX : (uint32_t)len;
	fi_init(&fi_in, in->fh_in);
	fi_init(&fi_out, in->fh_out);
	OPS->copy_file_range(req, req->nodeid, (off_t)in->off_in, &fi_in, in->nodeid_out,
			     (off_t)in->off_out, &fi_out, (size_t)len, (int)in->flags);
}

static void do_syncfs(struct core_req *req)
{
	NEED(syncfs);
	OPS->syncfs(req, req->nodeid);
}

static void do_statx(struct core_req *req)
{
	struct core_file_info fi;
	IN(statx_in);

	NEED(statx);
	fi_init(&fi, in->fh);
	OPS->statx(req, req->nodeid, (int)in->sx_flags, (int)in->sx_mask,
		   in->getattr_flags & WIRE_GETATTR_FH ? &fi : NULL);
}

static const handler handlers[WIRE_OPCODE_MAX] = {
	[WIRE_LOOKUP] = do_lookup, [WIRE_FORGET] = do_forget, [WIRE_GETATTR] = do_getattr,
	[WIRE_SETATTR] = do_setattr, [WIRE_READLINK] = do_readlink, [WIRE_SYMLINK] = do_symlink,
	[WIRE_MKNOD] = do_mknod, [WIRE_MKDIR] = do_mkdir, [WIRE_UNLINK] = do_unlink,
	[WIRE_RMDIR] = do_rmdir, [WIRE_RENAME] = do_rename, [WIRE_LINK] = do_link,
	[WIRE_OPEN] = do_open, [WIRE_READ] = do_read, [WIRE_WRITE] = do_write,
	[WIRE_STATFS] = do_statfs, [WIRE_RELEASE] = do_release, [WIRE_FSYNC] = do_fsync,
	[WIRE_SETXATTR] = do_setxattr, [WIRE_GETXATTR] = do_getxattr,
	[WIRE_LISTXATTR] = do_listxattr, [WIRE_REMOVEXATTR] = do_removexattr,
	[WIRE_FLUSH] = do_flush, [WIRE_INIT] = do_init, [WIRE_OPENDIR] = do_opendir,
	[WIRE_READDIR] = do_readdir, [WIRE_RELEASEDIR] = do_releasedir,
	[WIRE_FSYNCDIR] = do_fsyncdir, [WIRE_GETLK] = do_getlk, [WIRE_SETLK] = do_setlk,
	[WIRE_SETLKW] = do_setlkw, [WIRE_ACCESS] = do_access, [WIRE_CREATE] = do_create,
	[WIRE_INTERRUPT] = do_interrupt, [WIRE_BMAP] = do_bmap,
	[WIRE_DESTROY] = session_do_destroy, [WIRE_IOCTL] = do_ioctl, [WIRE_POLL] = do_poll,
	[WIRE_NOTIFY_REPLY] = do_notify_reply, [WIRE_BATCH_FORGET] = do_batch_forget,
	[WIRE_FALLOCATE] = do_fallocate, [WIRE_READDIRPLUS] = do_readdirplus,
	[WIRE_RENAME2] = do_rename2, [WIRE_LSEEK] = do_lseek,
	[WIRE_COPY_FILE_RANGE] = do_copy_file_range,
	[WIRE_COPY_FILE_RANGE_64] = do_copy_file_range, [WIRE_SYNCFS] = do_syncfs,
	[WIRE_TMPFILE] = do_tmpfile, [WIRE_STATX] = do_statx,
};

/* allow_root: others may go on with what they hold open, but begin nothing. */
static bool denied(struct core_session *se, const struct wire_in_header *hdr)
{
	static const uint64_t on_handles =
		1ULL << WIRE_INIT | 1ULL << WIRE_READ | 1ULL << WIRE_WRITE | 1ULL << WIRE_FSYNC |
		1ULL << WIRE_RELEASE | 1ULL << WIRE_READDIR | 1ULL << WIRE_FSYNCDIR |
		1ULL << WIRE_RELEASEDIR | 1ULL << WIRE_NOTIFY_REPLY | 1ULL << WIRE_READDIRPLUS |
		1ULL << WIRE_FORGET | 1ULL << WIRE_BATCH_FORGET | 1ULL << WIRE_INTERRUPT |
		1ULL << WIRE_DESTROY;

	return hdr->uid != se->owner && hdr->uid != 0 && !(on_handles >> hdr->opcode & 1);
}

static void malformed(struct core_req *req, const struct wire_in_header *hdr, int err,
		      const char *why)
{
	const struct core_wire_op *op = core_wire_op(hdr->opcode);

	if (err == -EIO)
		core_err("malformed request from the kernel: unique %llu %s: %s\n",
			 (unsigned long long)hdr->unique, core_wire_op_name(hdr->opcode), why);
	/* What expects no answer gets none. */
	if (op && (op->flags & CORE_OP_NOREPLY))
		core_reply_none(req);
	else
		core_reply_err(req, -err);
}

/* What is looked at only while se->watch is set. 0: handle it; else the answer. */
static int look_closer(struct core_session *se, const struct core_msg *msg)
{
	const struct wire_in_header *hdr = msg->hdr;

	if (!atomic_load_explicit(&se->ready, memory_order_acquire) && hdr->opcode != WIRE_INIT) {
		core_err("the kernel sent %s before INIT\n", core_wire_op_name(hdr->opcode));
		return EIO;
	}
	return se->cfg.deny_others && denied(se, hdr) ? EACCES : 0;
}

/* An opcode that is no operation on files. */
static void no_handler(struct core_req *req)
{
	if (req->se->cuse && req->opcode == WIRE_CUSE_INIT)
		session_do_cuse_init(req, req->args.in);
	else
		core_reply_err(req, ENOSYS);
}

void session_handle(struct core_worker *w, const struct core_msg *msg)
{
	const struct wire_in_header *hdr = msg->hdr;
	struct core_session *se = w->se;
	struct core_req *req = w->req;
	/* First: what INIT has set is read after it. */
	bool watch = atomic_load_explicit(&se->watch, memory_order_acquire);
	const char *why = NULL;
	handler h;
	int err;

	atomic_store_explicit(&req->state, 0, memory_order_relaxed);
	req->w = w;
	req->ch = w->ch;
	req->tag = msg->tag;
	req->unique = hdr->unique;
	req->opcode = hdr->opcode;
	req->nodeid = hdr->nodeid;
	req->out_limit = UINT32_MAX;
	req->ctx.uid = hdr->uid;
	req->ctx.gid = hdr->gid;
	req->ctx.pid = (pid_t)hdr->pid;
	req->ctx.umask = 0;
	atomic_store_explicit(&w->current, hdr->unique, memory_order_release);
	if (w->on_ring) {
		atomic_signal_fence(memory_order_seq_cst); /* session_interrupt() fences for both */
		if (core_unlikely(atomic_load_explicit(early_slot(se, hdr->unique),
						       memory_order_relaxed) == hdr->unique))
			atomic_store_explicit(&req->interrupted, hdr->unique, memory_order_release);
	}

	if (core_unlikely(watch && se->debug)) {
		atomic_store_explicit(&req->state, REQ_CLOSER, memory_order_relaxed);
		session_print_request(se, msg);
	}
	err = core_wire_decode_plain(msg, &req->args)
		      ? 0
		      : core_wire_decode(msg, session_minor(se), session_caps(se), &req->args, &why);
	if (core_unlikely(err))
		malformed(req, hdr, err, why);
	else if (core_unlikely(hdr->opcode >= WIRE_OPCODE_MAX || !(h = handlers[hdr->opcode])))
		no_handler(req);
	else if (core_unlikely(watch && (err = look_closer(se, msg))))
		core_reply_err(req, err);
	else
		h(req);
	atomic_store_explicit(&w->current, 0, memory_order_release);
	if (core_likely(atomic_load_explicit(&req->state, memory_order_acquire) & REQ_DONE))
		/* Only its worker, between requests: no locked instruction for it. */
		atomic_store_explicit(&req->gen,
				      atomic_load_explicit(&req->gen, memory_order_relaxed) + 1,
				      memory_order_release);
	else
		req_kept(w, req);
}
