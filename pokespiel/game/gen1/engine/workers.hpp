// A fixed crew of threads that share out a range of work. With one worker everything runs on the caller's thread.
//
// A share of work lasts some hundred microseconds, which is what waking a sleeping thread costs; so both sides look for
// each other for a while, giving way to other threads, before they sleep.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gen1 {

class Workers {
  public:
    explicit Workers(int count) {
        for (int i = 1; i < count; i++) threads_.emplace_back([this, i] { serve(i); });
    }

    ~Workers() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            round_++;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    int count() const { return static_cast<int>(threads_.size()) + 1; }

    // Calls work(first, last) for a share [first, last) of [0, size) on each worker; returns when all are done. `work` must
    // not throw.
    void share(int size, const std::function<void(int, int)>& work) {
        if (threads_.empty() || size < 2 * count()) return work(0, size);
        {
            const std::lock_guard lock(mutex_);
            work_ = &work;
            size_ = size;
            busy_ = static_cast<int>(threads_.size());
            round_++;
        }
        wake_.notify_all();
        run(0);
        if (!look([this] { return busy_ == 0; })) {
            std::unique_lock lock(mutex_);
            done_.wait(lock, [this] { return busy_ == 0; });
        }
    }

  private:
    void run(int worker) { (*work_)(size_ * worker / count(), size_ * (worker + 1) / count()); }

    // Whether `ready` holds within the time that looking is worth.
    template <class Ready>
    static bool look(const Ready& ready) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
        do {
            for (int i = 0; i < 64; i++)
                if (ready()) return true;
            std::this_thread::yield();
        } while (std::chrono::steady_clock::now() < end);
        return false;
    }

    void serve(int worker) {
        for (long seen = 0;; seen++) {
            if (!look([&] { return round_ != seen; })) {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return round_ != seen; });
            }
            if (stopping_) return;
            run(worker);
            if (--busy_ == 0) {
                const std::lock_guard lock(mutex_);
                done_.notify_one();
            }
        }
    }

    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    const std::function<void(int, int)>* work_ = nullptr;
    int size_ = 0;
    std::atomic<int> busy_ = 0;     // workers that have not done their share
    std::atomic<long> round_ = 0;   // shares given out; one ahead of `seen` means work
    std::atomic<bool> stopping_ = false;
};

}  // namespace gen1
