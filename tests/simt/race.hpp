// The race build. Its kernels are compiled with -fsanitize=thread but linked with
// race_callbacks.cpp in the place of the sanitizer's library, so that every access of a kernel
// comes here, and the harness says where the barriers were. Reported is, whatever the order in
// which the threads ran:
//   - two threads of a block touch a byte, at least one of them writes, and no barrier of the
//     block and no __syncwarp of both lies between;
//   - two blocks touch a byte of global memory and at least one of them writes;
//   - a thread reads shared memory that nobody in its block has written.
// Two atomics never race. Shuffles and votes order no memory, as in CUDA. An order that is made of
// atomics and fences ("the last block adds up") is not understood and is reported as a race; the
// rules of kernels/simt.hpp leave it out. Under g++ it sees every access; clang copies and clears
// some structures by memcpy and memset, which it does not see.
#pragma once
#include <cstddef>
#include <string>

namespace phosphene::simt::race {

void begin_launch();
void begin_block();
/// Every thread of the block has come to a barrier.
void barrier();
/// The lanes `mask` of the warp have come to a __syncwarp.
void warp_barrier(unsigned warp, unsigned mask);

enum class Kind { read, write, atomic };
/// The running thread touches memory; `code` is the address of the next instruction. Nothing
/// happens while no kernel runs.
void access(const void* address, std::size_t bytes, Kind kind, const void* code);

/// What was found since begin_launch, a line each; empty if nothing was.
std::string findings();

}  // namespace phosphene::simt::race
