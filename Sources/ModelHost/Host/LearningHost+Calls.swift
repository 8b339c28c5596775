public import AnalyticLearning
internal import TensorFormats

/// Calls on models. Each call that changes one returns when the change is on the device and visible to predictions.
extension LearningHost {
    /// The names of all models, sorted.
    public var modelNames: [String] { registry.all.map(\.name) }

    /// What can be done with a model.
    ///
    /// - Throws: `unknown` if there is no such model, `unavailable` after `stop`.
    public func condition(of model: String) throws(ModelError) -> ModelCondition { try registry.model(named: model).condition }

    /// A model's last published weights, with its classes and evaluation.
    ///
    /// - Throws: `unknown` if the model does not exist, `unavailable` if it has published nothing yet.
    public func state(of model: String) throws(ModelError) -> PublishedWeights {
        try registry.model(named: model).publishedWeights()
    }

    /// Creates a model; an existing one with the same configuration is left as it is.
    ///
    /// - Throws: `invalid` for an invalid name or configuration, `conflict` if the name is taken by a model with another configuration,
    ///   `impossible` if the model does not fit in memory, `outOfSpace` or `unavailable` if its files cannot be created.
    public func createModel(_ name: String, _ configuration: ModelConfiguration) async throws(ModelError) {
        guard ModelName.isValid(name) else {
            throw ModelError(.invalid, "a model's name must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}; it is \"\(name.prefix(160))\"")
        }
        guard !registry.isClosed else { throw .stopped }
        do throws(ConfigurationError) { try configuration.validate() } catch { throw ModelError(.invalid, error.description) }
        _ = try await outcome { (completion: Completion<ModelDetails>) throws(ModelError) in
            try registry.put(name, configuration, first: .describe(completion, isNew: true)) { (model) throws(ModelError) in
                guard model.configuration == configuration else {
                    throw ModelError(.conflict, "the model \"\(name)\" already exists with a different configuration")
                }
                return .describe(completion, isNew: false)
            }
        }
    }

    /// Learns rows, all or none. The order of rows does not affect what is learned.
    ///
    /// - Parameters:
    ///   - features: n·d values, row after row.
    ///   - labels: n labels.
    ///   - key: the caller's name for these rows: sending them again under it returns the same answer and learns nothing.
    /// - Throws: `invalid` for invalid rows, `unknown` if the model does not exist, `impossible` if the key belongs to other rows or new
    ///   classes do not fit in memory, `unavailable` or `outOfSpace` if the rows cannot be stored.
    /// - Complexity: O(n·D²).
    @discardableResult
    public func learn(
        _ model: String, features: [Double], labels: [Label], key: String? = nil
    ) async throws(ModelError) -> LearnAnswer {
        let model = try registry.model(named: model)
        let rows = try rows(model, features, labels, key, .learn)
        return try await outcome { (completion) throws(ModelError) in try model.enqueue(.learn(LearnJob(rows, completion))) }
    }

    /// Takes rows out again that were learned before, all or none: the weights are those of a model that never learned them.
    ///
    /// - Parameters: as of `learn`.
    /// - Throws: as `learn`; also `impossible` if the rows cannot have been learned, or cannot be removed exactly, and `internal` if they
    ///   are unlearned but files with them could not be removed: try again with the same key.
    public func unlearn(_ model: String, features: [Double], labels: [Label], key: String? = nil) async throws(ModelError) {
        let model = try registry.model(named: model)
        let rows = try rows(model, features, labels, key, .unlearnByProgram)
        // Nobody reads the answer; that there is one says that it was done.
        let change = rows.identity.map { ChangeKey($0) { _ in ([], []) } }
        _ = try await outcome { (completion) throws(ModelError) in try model.enqueue(.unlearn(rows, change, completion)) }
    }

    /// The best class of each row, by the last published weights. Never waits.
    ///
    /// - Parameter features: n·d values, row after row.
    /// - Throws: `invalid` for invalid rows, `unknown` if the model does not exist, `conflict` if it has no classes yet.
    /// - Complexity: O(n·(d·D + D·C)).
    public func predict(_ model: String, features: [Float]) throws(ModelError) -> [(label: Label, score: Float)] {
        let model = try registry.model(named: model)
        let weights = try model.scorableWeights()
        let dimension = weights.configuration.dimension
        try Self.check(features, dimension: dimension)
        // In slices: the memory beside the answer does not grow with the rows.
        var predictions: [(label: Label, score: Float)] = []
        predictions.reserveCapacity(features.count / dimension)
        for first in stride(from: 0, to: features.count, by: 1024 * dimension) {
            predictions += weights.predict(Array(features[first..<min(first + 1024 * dimension, features.count)]))
        }
        return predictions
    }

    /// Deletes a model and its files.
    ///
    /// - Throws: `unknown` if the model does not exist, `outOfSpace` or `unavailable` if its files could not be deleted.
    public func deleteModel(_ name: String) async throws(ModelError) {
        let model = try registry.model(named: name)
        try await outcome { (completion) in registry.delete(model, completion) }
    }

    // MARK: Parts

    private func outcome<Value: Sendable>(
        _ begin: (Completion<Value>) throws(ModelError) -> Void
    ) async throws(ModelError) -> Value {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, ModelError>, Never>) in
            do throws(ModelError) {
                try begin(Completion { continuation.resume(returning: $0) })
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    private func rows(
        _ model: Model, _ features: [Double], _ labels: [Label], _ key: String?, _ purpose: RequestIdentity.Purpose
    ) throws(ModelError) -> LearnRows {
        let dimension = model.configuration.dimension
        try Self.check(features, dimension: dimension)
        guard labels.count == features.count / dimension else {
            throw ModelError(.invalid, "there are \(labels.count) labels, expected \(features.count / dimension): one for each row")
        }
        let packed = PackedStrings(labels.map(\.text))
        guard LearnRows.canHold(packed) else {
            throw ModelError(.invalid, "the labels have \(packed.byteCount) bytes; learn fewer rows at once")
        }
        var identity: RequestIdentity?
        if let key {
            guard let key = IdempotencyKey(key) else {
                throw ModelError(.invalid, "a key must be 1 to \(IdempotencyKey.maximumLength) visible ASCII characters")
            }
            identity = RequestIdentity(key: key, block: 0, hash: RequestIdentity.hash(features, packed, seed: purpose.rawValue))
        }
        return LearnRows(features: features, labels: packed, dimension: dimension, identity: identity)
    }

    private static func check(_ features: [some BinaryFloatingPoint], dimension: Int) throws(ModelError) {
        guard !features.isEmpty, features.count % dimension == 0 else {
            throw ModelError(
                .invalid, "there are \(features.count) values, expected a multiple of \(dimension), the dimension of the model")
        }
        guard let index = features.firstIndex(where: { !(abs(Double($0)) <= FeatureLimits.largestMagnitude) }) else { return }
        throw ModelError(
            .invalid,
            "features[\(index / dimension)][\(index % dimension)] is \(features[index]), expected a finite number of at most "
                + "\(FeatureLimits.largestMagnitude) in magnitude")
    }
}
