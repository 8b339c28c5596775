internal import AnalyticLearning
internal import HTTPServer
internal import Locks
internal import Storage

/// All models by name.
final class ModelRegistry: Sendable {
    let context: ServiceContext
    private let workers = Latch()
    /// Keyed by a hash of the name's bytes, so that a request finds its model without making a String.
    private let models = Guarded<[Int: [Model]]>([:])

    init(context: ServiceContext) { self.context = context }

    /// The model of a request's first path parameter.
    ///
    /// - Throws: 404.
    func model(of request: borrowing Request) throws(Problem) -> Model {
        let found = request.withParameterBytes(0) { name -> Model? in
            let hash = Self.hash(name)
            return models.withLock { $0[hash]?.first { Self.equal($0.name, name) } }
        }
        guard let found else { throw .unknownModel(request.parameter(0) ?? "") }
        return found
    }

    /// All models, sorted by name.
    var all: [Model] {
        models.withLock { $0.values.flatMap { $0 } }.sorted { $0.name < $1.name }
    }

    /// The model of a name, or a new one.
    ///
    /// - Parameters:
    ///   - origin: what a new model begins with.
    ///   - first: the first job of a new model. It waits before the worker begins, so that it learns why where the model cannot be made.
    /// - Returns: the model and whether it is new.
    /// - Throws: 422 where a new model does not fit in memory.
    func findOrCreate(
        _ name: String, _ configuration: ModelConfiguration, classes: Int = 0, origin: ModelOrigin = .fresh, first: Job
    ) throws(Problem) -> (model: Model, isNew: Bool) {
        let bytes = configuration.estimatedBytes(classes: classes)
        let hash = Self.hash(name)
        let outcome: Result<(model: Model, isNew: Bool), Problem> = models.withLock { models in
            if let model = models[hash]?.first(where: { $0.name == name }) { return .success((model, false)) }
            guard let bytes, context.budget.reserve(bytes) else {
                return .failure(
                    .doesNotFit(
                        "a model of dimension \(configuration.dimension) and width \(configuration.width)", bytes: bytes,
                        budget: context.budget))
            }
            let model = Model(name: name, configuration: configuration, limits: context.limits, dispatcher: context.dispatcher)
            _ = model.queue.append(first)
            models[hash, default: []].append(model)
            return .success((model, true))
        }
        let result = try outcome.get()
        if result.isNew, let bytes {
            ModelWorker.start(result.model, reserved: bytes, origin: origin, context: context, running: workers) { [weak self] in
                self?.forget(result.model)
            }
        }
        return result
    }

    /// Takes in all models of the data directory. What lies there is verified before this returns; each model's own thread then makes it.
    ///
    /// - Parameter whenRecovered: called once, when all have been made or cannot be.
    /// - Throws: `StorageError`, `DamagedState`, or `Problem` where a model does not fit in memory.
    func recover(_ store: DataStore, whenRecovered: @escaping @Sendable () -> Void) throws {
        var found: [(Model, ModelRecovery, bytes: Int, rows: Int)] = []
        for name in try store.data.modelNames() {
            guard ModelName.isValid(name) else {
                context.log.warning("a directory is no model's", ["name": name])
                continue
            }
            let recovery = try ModelRecovery(name, store.data.model(name))
            let rows = try recovery.verifyLogs()
            let bytes = recovery.snapshot.configuration.estimatedBytes(classes: recovery.snapshot.labels.count)
            guard let bytes, context.budget.reserve(bytes) else {
                throw Problem.doesNotFit("the stored model \"\(name)\"", bytes: bytes, budget: context.budget)
            }
            let model = Model(
                name: name, configuration: recovery.snapshot.configuration, limits: context.limits, condition: .recovering,
                dispatcher: context.dispatcher)
            found.append((model, recovery, bytes, rows))
        }
        let pending = Guarded(found.count)
        if found.isEmpty { whenRecovered() }
        for (model, recovery, bytes, rows) in found {
            insert(model)
            ModelWorker.start(
                model, reserved: bytes, origin: .stored(recovery, rows: rows), context: context, running: workers, onFailure: {},
                whenMade: {
                    let isLast = pending.withLock { count in
                        count -= 1
                        return count == 0
                    }
                    if isLast { whenRecovered() }
                })
        }
    }

    /// Makes a model known that there was not.
    func insert(_ model: Model) {
        models.withLock { $0[Self.hash(model.name), default: []].append(model) }
    }

    /// Whether all models are there, and can learn.
    var isReady: Bool { all.allSatisfy { $0.condition == .ready } }

    /// Takes a model out and ends its worker, which answers when its memory is free.
    func delete(_ model: Model, _ responder: DeferredResponder) {
        do throws(Problem) { try model.requireRecovered() } catch { return responder.send(error.response) }
        guard forget(model) else { return responder.send(Problem.unknownModel(model.name).response) }
        // The delete goes behind whatever is being done; what still waits would be in vain.
        let problem = Problem.deletedModel(model.name)
        for job in model.queue.close(behind: .delete(responder)) { job.refuse(problem) }
    }

    /// Ends all workers, which make their last checkpoints; for the end of the service.
    ///
    /// - Parameter seconds: how long they may take.
    /// - Returns: whether they have ended.
    @discardableResult
    func stop(within seconds: Double) -> Bool {
        let all = all
        models.withLock { $0 = [:] }
        for model in all {
            let problem = Problem.busy("the server is stopping")
            for job in model.queue.close() { job.refuse(problem) }
        }
        return workers.wait(until: MonotonicClock.now + seconds)
    }

    @discardableResult
    private func forget(_ model: Model) -> Bool {
        let hash = Self.hash(model.name)
        return models.withLock { models in
            guard let index = models[hash]?.firstIndex(where: { $0 === model }) else { return false }
            models[hash]?.remove(at: index)
            if models[hash]?.isEmpty == true { models[hash] = nil }
            return true
        }
    }

    private static func hash(_ name: String) -> Int {
        var copy = name
        return copy.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
    }

    private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: name)
        return hasher.finalize()
    }

    private static func equal(_ name: String, _ bytes: UnsafeRawBufferPointer) -> Bool {
        name.utf8.elementsEqual(bytes)
    }
}
