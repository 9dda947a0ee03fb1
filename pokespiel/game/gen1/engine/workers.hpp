// A fixed set of threads that divide a range of work. With one worker everything runs on the caller's thread.
//
// The range is cut into pieces, and each free thread takes the next one. Idle threads sleep, so that they take no time
// from other programs; the caller does not wait for one that wakes up late but does its pieces instead.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gen1 {

class Workers {
  public:
    explicit Workers(int count) {
        for (int i = 1; i < count; i++) threads_.emplace_back([this] { serve(); });
    }

    ~Workers() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    int count() const { return static_cast<int>(threads_.size()) + 1; }

    // Call work(first, last) for pieces [first, last) of [0, size) on all workers; returns when all are done. `work` must
    // not throw.
    void share(int size, const std::function<void(int, int)>& work) {
        if (threads_.empty() || size < kLeast * count()) return work(0, size);
        {
            const std::lock_guard lock(mutex_);
            work_ = &work;
            size_ = size;
            piece_ = std::max(kLeast, size / (kPieces * count()));
            next_ = 0;
            round_++;
        }
        wake_.notify_all();
        take(work);
        std::unique_lock lock(mutex_);
        work_ = nullptr;
        done_.wait(lock, [this] { return busy_ == 0; });
    }

  private:
    static constexpr int kLeast = 16;   // battles in a piece
    static constexpr int kPieces = 4;   // pieces for each worker

    // Pieces, until none is left.
    void take(const std::function<void(int, int)>& work) {
        for (int first = next_.fetch_add(piece_); first < size_; first = next_.fetch_add(piece_))
            work(first, std::min(first + piece_, size_));
    }

    void serve() {
        std::unique_lock lock(mutex_);
        for (long seen = 0;;) {
            wake_.wait(lock, [&] { return stopping_ || (work_ && round_ != seen); });
            if (stopping_) return;
            seen = round_;
            busy_++;
            const std::function<void(int, int)>& work = *work_;
            lock.unlock();
            take(work);
            lock.lock();
            if (--busy_ == 0) done_.notify_one();
        }
    }

    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    const std::function<void(int, int)>* work_ = nullptr;  // null: no work in progress
    int size_ = 0, piece_ = 1;
    std::atomic<int> next_ = 0;  // the start of the part that nobody has taken
    int busy_ = 0;               // workers with a piece in progress; guarded by the mutex, like everything that is not atomic
    long round_ = 0;             // number of ranges so far
    bool stopping_ = false;
};

}  // namespace gen1
