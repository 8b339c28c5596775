package import AnalyticLearning
internal import Concurrency
internal import Storage

/// All models by name.
package final class ModelRegistry: Sendable {
    package let context: HostContext
    private let workers = Latch()
    /// What is still to be done to recover stored models.
    private let recoveries = Guarded<RecoverySequence<RecoveryStep<StoredModel>>?>(nil)
    private let models = Guarded(Models())
    /// Who owns a name, with its files and memory: a model may be created again while the deleted one is still being removed.
    private let claims = NameClaims()

    private struct Models {
        /// Keyed by a hash of the name's bytes, so that a request finds its model without making a String.
        var byHash: [Int: [Model]] = [:]
        /// Whether no more models are accepted.
        var isClosed = false
    }

    package init(context: HostContext) { self.context = context }

    /// The model with this name, found without making a String.
    package func model(_ name: UnsafeRawBufferPointer) -> Model? {
        let hash = Self.hash(name)
        return models.withLock { $0.byHash[hash]?.first { Self.equal($0.name, name) } }
    }

    /// The model with a name.
    ///
    /// - Throws: `unavailable` after the end; `unknown` if no model has the name.
    package func model(named name: String) throws(ModelError) -> Model {
        let hash = Self.hash(name)
        let (found, isClosed) = models.withLock { ($0.byHash[hash]?.first { $0.name == name }, $0.isClosed) }
        if let found { return found }
        throw isClosed ? .stopped : .unknownModel(name)
    }

    /// Whether no more models may come.
    var isClosed: Bool { models.withLock { $0.isClosed } }

    /// The number of models.
    package var count: Int { models.withLock { $0.byHash.values.reduce(0) { $0 + $1.count } } }

    /// All models, sorted by name.
    package var all: [Model] {
        models.withLock { $0.byHash.values.flatMap { $0 } }.sorted { $0.name < $1.name }
    }

    /// Creates a model, or queues a job for the existing one.
    ///
    /// If the existing model is deleted in between, a new one is created in its place: a put never fails because the model is missing.
    ///
    /// - Parameters:
    ///   - origin: the initial state of a new model.
    ///   - first: the first job of a new model. It is queued before the worker starts, so it receives the reason if the model cannot be
    ///     created.
    ///   - other: makes the job for an existing model, or throws the reason why not.
    /// - Throws: 422 if a new model does not fit in memory, 503 if the server is stopping or the queue accepts no job, or what `other`
    ///   throws.
    package func put(
        _ name: String, _ configuration: ModelConfiguration, classes: Int = 0, origin: ModelOrigin = .fresh, first: Job,
        other: (Model) throws(ModelError) -> Job
    ) throws(ModelError) {
        while let model = try findOrCreate(name, configuration, classes: classes, origin: origin, first: first) {
            // A deleted model's name is free before its queue is closed.
            if try model.offer(other(model)) { return }
        }
    }

    /// - Returns: the existing model; nil if one was created.
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
            // The claim is made together with the name: the next owner of the name waits behind this one, whichever thread runs first.
            let claim = claims.claim(name)
            // A deleted model of this name frees its memory before the new one begins, which then tries again.
            guard let bytes, reservation.resize(to: bytes) || !claim.isFirst else {
                return .failure(ModelWorker.doesNotFit(configuration, bytes: bytes, budget: context.budget))
            }
            let model = Model(
                name: name, configuration: configuration, limits: context.limits, onNews: context.onNews,
                waiting: context.waiting, workers: context.workers)
            _ = model.queue.append(first, to: first.lane)
            models.byHash[hash, default: []].append(model)
            // Counted together with the name: who stops all models waits for this one too.
            workers.enter()
            return .success((model, (reservation, claim)))
        }
        let (model, new) = try outcome.get()
        guard let (reservation, claim) = new, let bytes else { return model }
        ModelTurns.begin(model, bytes: bytes, reservation, claim, origin: origin, context: context, running: workers) {
            [weak self] in self?.forget(model)
        }
        return nil
    }

    /// Registers all models of the data directory. Their files are verified before this returns; worker threads recover the states later.
    ///
    /// - Parameter whenRecovered: called once, when every model has been recovered or has failed.
    /// - Returns: a closure that starts the first recovery.
    /// - Throws: `StorageError`, `DamagedState`, or `ModelError` if a model does not fit in memory.
    package func recover(_ store: DataStore, whenRecovered: @escaping @Sendable () -> Void) throws -> () -> Void {
        var found: [StoredModel] = []
        for name in try store.data.modelNames() {
            guard ModelName.isValid(name) else {
                context.log.warning("a directory does not belong to a model", ["name": name])
                continue
            }
            let recovery = try ModelRecovery(name, store.data.model(name))
            let logged = try recovery.verifyLogs()
            let bytes = recovery.snapshot.configuration.estimatedBytes(classes: recovery.snapshot.labels.count)
                .map { $0 + recovery.snapshot.labelBytes }
            guard let reservation = bytes.flatMap({ Reservation($0, of: context.budget) }) else {
                throw ModelError.doesNotFit("the stored model \"\(name)\"", bytes: bytes, budget: context.budget)
            }
            let model = Model(
                name: name, configuration: logged.configuration, limits: context.limits, condition: .recovering,
                onNews: context.onNews, waiting: context.waiting, workers: context.workers)
            found.append(
                StoredModel(model: model, recovery: recovery, reservation: reservation, claim: claims.claim(name), logged: logged))
        }
        for stored in found { insert(stored.model) }
        return begin(RecoveryStep.plan(found, \.cost), whenRecovered)
    }

    /// Begins the steps of a recovery.
    ///
    /// - Returns: a closure that starts the first.
    private func begin(
        _ steps: [RecoveryStep<StoredModel>], _ whenRecovered: @escaping @Sendable () -> Void
    ) -> () -> Void {
        let pending = Guarded(steps.count { $0.work == .recover })
        if steps.isEmpty { whenRecovered() }
        let whenMade: @Sendable () -> Void = {
            let isLast = pending.withLock { count in
                count -= 1
                return count == 0
            }
            if isLast { whenRecovered() }
        }
        let sequence = RecoverySequence(steps) { [context, workers, models] step, turn in
            let isOpen = models.withLock { models in
                if !models.isClosed { workers.enter() }
                return !models.isClosed
            }
            guard isOpen else { return }
            let stored = step.element
            switch step.work {
            case .publish:
                // The model has no worker yet. Whoever stops all models waits for this one too: it reads files.
                context.workers.makeMember().begin {
                    stored.publishWeights(context.log)
                    turn.end()
                    workers.leave()
                    return .over
                }
            case .recover:
                ModelTurns.begin(
                    stored.model, bytes: stored.reservation.bytes, stored.reservation, stored.claim,
                    origin: .stored(stored.recovery, rows: stored.logged.rows, turn), context: context, running: workers, onFailure: {},
                    whenMade: whenMade)
            }
        }
        recoveries.withLock { $0 = sequence }
        return { sequence.startNext() }
    }

    /// Adds a model.
    package func insert(_ model: Model) {
        models.withLock { $0.byHash[Self.hash(model.name), default: []].append(model) }
    }

    /// Whether all models are recovered and can learn.
    ///
    /// - Complexity: O(models), without sorting: clients that wait for many models ask repeatedly.
    package var isReady: Bool { models.withLock { $0.byHash.values.allSatisfy { $0.allSatisfy { $0.condition == .ready } } } }

    /// Removes a model and ends its worker, which answers when the model's memory is free.
    package func delete(_ model: Model, _ completion: Completion<Void>) {
        do throws(ModelError) { try model.requireRecovered() } catch { return completion.fail(error) }
        guard forget(model) else { return completion.fail(.unknownModel(model.name)) }
        // The delete waits for the running job and for jobs that put the model; all other jobs are refused.
        let reason = ModelError.deletedModel(model.name)
        for job in model.queue.close(behind: .delete(completion), keeping: \.isPut) { job.refuse(reason) }
    }

    /// Ends all workers, which write their last checkpoints; called when the service stops.
    ///
    /// - Parameter seconds: the longest wait.
    /// - Returns: whether all have ended.
    @discardableResult
    package func stop(within seconds: Double) -> Bool {
        // Models that have started end by themselves; the others are no longer started.
        recoveries.withLock { $0.take() }?.cancel()
        // No model comes after this, and all that have come are counted.
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
