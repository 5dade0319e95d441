/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fences between this core and a device or another core. Every use says in a comment what is
 * ordered against what, and who stands on the other side.
 */
#ifndef FN_BASE_BARRIER_H
#define FN_BASE_BARRIER_H

#if defined(__SANITIZE_THREAD__)
#define FN_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FN_TSAN 1
#endif
#endif

#ifdef FN_TSAN
/* ThreadSanitizer does not model fences; a read-modify-write of a private word orders for it. */
static inline void fn_fence_seq_cst(void)
{
	unsigned word = 0;

	(void)__atomic_fetch_add(&word, 1, __ATOMIC_SEQ_CST);
}
#define fn_fence_acquire fn_fence_seq_cst
#define fn_fence_release fn_fence_seq_cst
#else
static inline void fn_fence_seq_cst(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void fn_fence_acquire(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static inline void fn_fence_release(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}
#endif

/*
 * DMA fences: ordinary cacheable memory that a device reads and writes. A device on a coherent bus
 * is to these like another core; on arm64 that needs the outer-shareable domain, which a C11 fence
 * (inner shareable) does not promise.
 */
#if defined(FN_BARRIER_CALLS)
/*
 * In a build that looks for missing fences they are calls: models of devices (tests/model) show
 * what they have written, and look at what the driver has, only then.
 */
void fn_rmb_dma(void);
void fn_wmb_dma(void);
void fn_mb_dma(void);
#elif defined(__aarch64__)
static inline void fn_rmb_dma(void)
{
	__asm__ volatile("dmb oshld" ::: "memory");
}

static inline void fn_wmb_dma(void)
{
	__asm__ volatile("dmb oshst" ::: "memory");
}

static inline void fn_mb_dma(void)
{
	__asm__ volatile("dmb osh" ::: "memory");
}
#else
/* The loads before it are done before the loads after it. */
static inline void fn_rmb_dma(void)
{
	fn_fence_acquire();
}

/* The stores before it are visible before the stores after it. */
static inline void fn_wmb_dma(void)
{
	fn_fence_release();
}

/* All before it is visible before any load or store after it. */
static inline void fn_mb_dma(void)
{
	fn_fence_seq_cst();
}
#endif

#endif
