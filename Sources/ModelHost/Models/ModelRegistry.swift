package import AnalyticLearning
internal import Concurrency
internal import Storage

/// All models by name.
package final class ModelRegistry: Sendable {
    package let context: HostContext
    private let workers = Latch()
    /// The models of the data directory that are still to be made.
    private let recoveries = Guarded<RecoverySequence<StoredModel>?>(nil)
    private let models = Guarded(Models())
    /// Whose a name is, with its files and its memory: a model may be made again while the deleted one still goes.
    private let claims = NameClaims()

    private struct Models {
        /// Keyed by a hash of the name's bytes, so that a request finds its model without making a String.
        var byHash: [Int: [Model]] = [:]
        /// Whether no more may come.
        var isClosed = false
    }

    package init(context: HostContext) { self.context = context }

    /// The model whose name is these bytes, without making a String of them.
    package func model(_ name: UnsafeRawBufferPointer) -> Model? {
        let hash = Self.hash(name)
        return models.withLock { $0.byHash[hash]?.first { Self.equal($0.name, name) } }
    }

    /// The model of a name.
    ///
    /// - Throws: `unknown` if there is none.
    package func model(named name: String) throws(ModelError) -> Model {
        let hash = Self.hash(name)
        guard let found = models.withLock({ $0.byHash[hash]?.first { $0.name == name } }) else { throw .unknownModel(name) }
        return found
    }

    /// The number of models.
    package var count: Int { models.withLock { $0.byHash.values.reduce(0) { $0 + $1.count } } }

    /// All models, sorted by name.
    package var all: [Model] {
        models.withLock { $0.byHash.values.flatMap { $0 } }.sorted { $0.name < $1.name }
    }

    /// Makes the model of a name, or gives a job to the one that there is.
    ///
    /// A model that goes between the two is none, and another is made in its place: whoever puts a model is not told that there is none.
    ///
    /// - Parameters:
    ///   - origin: what a new model begins with.
    ///   - first: the first job of a new model. It waits before the worker begins, so that it learns why where the model cannot be made.
    ///   - other: makes the job of a model that there is, or says why not.
    /// - Throws: 422 where a new model does not fit in memory, 503 while the service ends, what `other` throws, or why the queue takes no job.
    package func put(
        _ name: String, _ configuration: ModelConfiguration, classes: Int = 0, origin: ModelOrigin = .fresh, first: Job,
        other: (Model) throws(ModelError) -> Job
    ) throws(ModelError) {
        while let model = try findOrCreate(name, configuration, classes: classes, origin: origin, first: first) {
            // Its name is free before its queue is closed.
            if try model.offer(other(model)) { return }
        }
    }

    /// - Returns: the model that there is; nil where one has been made.
    /// - Throws: as `put`.
    private func findOrCreate(
        _ name: String, _ configuration: ModelConfiguration, classes: Int, origin: ModelOrigin, first: Job
    ) throws(ModelError) -> Model? {
        var labelBytes = 0
        if case .file(let file) = origin { labelBytes = file.labelBytes }
        let bytes = configuration.estimatedBytes(classes: classes).map { $0 + labelBytes }
        let hash = Self.hash(name)
        let outcome: Result<(model: Model, new: (Reservation, NameClaim)?), ModelError> = models.withLock { models in
            if let model = models.byHash[hash]?.first(where: { $0.name == name }) { return .success((model, nil)) }
            guard !models.isClosed else { return .failure(.busy("the server is stopping")) }
            let reservation = Reservation(of: context.budget)
            // The place is taken with the name: whoever has the name next comes behind, whatever their threads do first.
            let claim = claims.claim(name)
            // What a deleted model of this name still holds is free before the new one begins, which tries again then.
            guard let bytes, reservation.resize(to: bytes) || !claim.isFirst else {
                return .failure(ModelWorker.doesNotFit(configuration, bytes: bytes, budget: context.budget))
            }
            let model = Model(
                name: name, configuration: configuration, limits: context.limits, onNews: context.onNews,
                waiting: context.waiting, workers: context.workers)
            _ = model.queue.append(first, to: first.lane)
            models.byHash[hash, default: []].append(model)
            return .success((model, (reservation, claim)))
        }
        let (model, new) = try outcome.get()
        guard let (reservation, claim) = new, let bytes else { return model }
        ModelTurns.begin(model, bytes: bytes, reservation, claim, origin: origin, context: context, running: workers) {
            [weak self] in self?.forget(model)
        }
        return nil
    }

    /// A model of the data directory, before its state has been made.
    private struct StoredModel: Sendable {
        let model: Model
        let recovery: ModelRecovery
        let reservation: Reservation
        let claim: NameClaim
        /// The rows of its logs.
        let rows: Int
    }

    /// Takes in all models of the data directory. What lies there is verified before this returns; a worker thread makes each later.
    ///
    /// - Parameter whenRecovered: called once, when all have been made or cannot be.
    /// - Returns: what begins with the first model.
    /// - Throws: `StorageError`, `DamagedState`, or `ModelError` if a model does not fit in memory.
    package func recover(_ store: DataStore, whenRecovered: @escaping @Sendable () -> Void) throws -> () -> Void {
        var found: [StoredModel] = []
        for name in try store.data.modelNames() {
            guard ModelName.isValid(name) else {
                context.log.warning("a directory does not belong to a model", ["name": name])
                continue
            }
            let recovery = try ModelRecovery(name, store.data.model(name))
            let rows = try recovery.verifyLogs()
            let bytes = recovery.snapshot.configuration.estimatedBytes(classes: recovery.snapshot.labels.count)
                .map { $0 + recovery.snapshot.labelBytes }
            guard let reservation = bytes.flatMap({ Reservation($0, of: context.budget) }) else {
                throw ModelError.doesNotFit("the stored model \"\(name)\"", bytes: bytes, budget: context.budget)
            }
            let model = Model(
                name: name, configuration: recovery.snapshot.configuration, limits: context.limits, condition: .recovering,
                onNews: context.onNews, waiting: context.waiting, workers: context.workers)
            found.append(
                StoredModel(model: model, recovery: recovery, reservation: reservation, claim: claims.claim(name), rows: rows))
        }
        let pending = Guarded(found.count)
        if found.isEmpty { whenRecovered() }
        for stored in found { insert(stored.model) }
        let whenMade: @Sendable () -> Void = {
            let isLast = pending.withLock { count in
                count -= 1
                return count == 0
            }
            if isLast { whenRecovered() }
        }
        let sequence = RecoverySequence(found) { [context, workers] stored, turn in
            ModelTurns.begin(
                stored.model, bytes: stored.reservation.bytes, stored.reservation, stored.claim,
                origin: .stored(stored.recovery, rows: stored.rows, turn), context: context, running: workers, onFailure: {},
                whenMade: whenMade)
        }
        recoveries.withLock { $0 = sequence }
        return { sequence.startNext() }
    }

    /// Makes a model known that there was not.
    package func insert(_ model: Model) {
        models.withLock { $0.byHash[Self.hash(model.name), default: []].append(model) }
    }

    /// Whether all models are there, and can learn.
    ///
    /// - Complexity: linear in the models, without sorting them, as clients that wait for many models ask repeatedly.
    package var isReady: Bool { models.withLock { $0.byHash.values.allSatisfy { $0.allSatisfy { $0.condition == .ready } } } }

    /// Takes a model out and ends its worker, which answers when its memory is free.
    package func delete(_ model: Model, _ completion: Completion<Void>) {
        do throws(ModelError) { try model.requireRecovered() } catch { return completion.fail(error) }
        guard forget(model) else { return completion.fail(.unknownModel(model.name)) }
        // The delete goes behind whatever is being done, and behind whoever put the model; what else waits would be in vain.
        let reason = ModelError.deletedModel(model.name)
        for job in model.queue.close(behind: .delete(completion), keeping: \.isPut) { job.refuse(reason) }
    }

    /// Ends all workers, which make their last checkpoints; for the end of the service.
    ///
    /// - Parameter seconds: how long they may take.
    /// - Returns: whether they have ended.
    @discardableResult
    package func stop(within seconds: Double) -> Bool {
        // Models that have begun end themselves; of those that have not none is made any more.
        recoveries.withLock { $0.take() }?.cancel()
        let all = models.withLock { models in
            defer { models = Models(isClosed: true) }
            return models.byHash.values.flatMap { $0 }
        }
        for model in all {
            let reason = ModelError.busy("the server is stopping")
            for job in model.queue.close() { job.refuse(reason) }
        }
        return workers.wait(until: MonotonicClock.now + seconds)
    }

    @discardableResult
    private func forget(_ model: Model) -> Bool {
        let hash = Self.hash(model.name)
        return models.withLock { models in
            guard let index = models.byHash[hash]?.firstIndex(where: { $0 === model }) else { return false }
            models.byHash[hash]?.remove(at: index)
            if models.byHash[hash]?.isEmpty == true { models.byHash[hash] = nil }
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
