// A fixed crew of threads that share out a range of work. With one worker everything runs on the caller's thread.
#pragma once

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
        std::unique_lock lock(mutex_);
        done_.wait(lock, [this] { return busy_ == 0; });
        work_ = nullptr;
    }

  private:
    void run(int worker) { (*work_)(size_ * worker / count(), size_ * (worker + 1) / count()); }

    void serve(int worker) {
        long seen = 0;
        for (;;) {
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return stopping_ || round_ != seen; });
                if (stopping_) return;
                seen = round_;
            }
            run(worker);
            {
                const std::lock_guard lock(mutex_);
                busy_--;
            }
            done_.notify_one();
        }
    }

    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    const std::function<void(int, int)>* work_ = nullptr;
    int size_ = 0, busy_ = 0;
    long round_ = 0;
    bool stopping_ = false;
};

}  // namespace gen1
