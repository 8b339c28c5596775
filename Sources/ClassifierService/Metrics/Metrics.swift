internal import Concurrency
internal import HTTPServer
internal import LinearAlgebra
internal import ModelHost

/// Everything in `GET /metrics`, gathered from what the parts of the service publish.
struct Metrics: Sendable {
    let registry: ModelRegistry
    let dispatcher: EventDispatcher

    /// Writes the text.
    ///
    /// - Complexity: O(models · classes + routes + open descriptors); waits for no worker.
    func text(_ format: MetricsText.Format, server: Server) -> [UInt8] {
        var text = MetricsText(format)
        writeInformation(to: &text)
        ServerMetrics(server).write(to: &text)
        text.family("accrue_event_readers", .gauge, "Clients reading events.")
        text.sample(dispatcher.readerCount)
        text.family("accrue_events_dropped_total", .counter, "Events that slow readers missed.")
        text.sample(dispatcher.missedCount)
        let workers = registry.context.workers.figures
        text.family("accrue_worker_threads", .gauge, "Worker threads shared by all models; created on demand, up to --worker-threads.")
        text.sample(workers.threads)
        text.family("accrue_worker_threads_busy", .gauge, "Worker threads that are working for a model.")
        text.sample(workers.busy)
        text.family("accrue_models_waiting", .gauge, "Models waiting for a worker thread.")
        text.sample(workers.waiting)
        let budget = registry.context.budget
        text.family("accrue_memory_reserved_bytes", .gauge, "Memory reserved by models and by work on them.")
        text.sample(budget.used)
        text.family("accrue_memory_limit_bytes", .gauge, "Memory that models and work on them may reserve.")
        text.sample(budget.limit)
        ModelMetrics(models: registry.all.map(ModelReading.init)).write(to: &text)
        ProcessReading().write(to: &text)
        return text.finish()
    }

    private func writeInformation(to text: inout MetricsText) {
        text.family("accrue_build_info", .gauge, "1, labelled with the version of the program.")
        text.sample([("version", Service.version)], 1)
        let library = BLASLibrary.current
        text.family("accrue_blas_info", .gauge, "1, labelled with the BLAS library, its kernels and its threads.")
        text.sample([("library", library.name), ("core", library.core ?? ""), ("threads", "\(library.threadCount)")], 1)
        text.family("accrue_ready", .gauge, "1 while all models are loaded and can learn.")
        text.sample(registry.isReady)
    }
}
