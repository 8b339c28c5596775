internal import AnalyticLearning
internal import HTTPServer
internal import LinearAlgebra
internal import Storage
internal import TensorFormats

/// A snapshot that has arrived whole: its header, shapes and checksums are verified, its numbers not yet.
final class SnapshotFile: Sendable {
    static let mediaType: StaticString = "application/vnd.safetensors"

    private let file: SpoolFile
    /// What the snapshot says the model is.
    let configuration: ModelConfiguration
    let labels: [String]
    private let samples: Int
    private let version: Int

    /// Verifies all that can be verified without the model: format, names, shapes, checksums.
    ///
    /// - Throws: 400 that names the tensor or the metadata key.
    /// - Complexity: reads the file once.
    init(_ file: SpoolFile) throws(Problem) {
        var parsed: (ModelConfiguration, [String], Int, Int)?
        do {
            try file.map().withUnsafeBytes { bytes in
                let reader = try SafetensorsReader(bytes)
                parsed = try Self.metadata(reader)
                try Self.checkShapes(reader, parsed!.0, classes: parsed!.1.count)
                try reader.verifyChecksums()
            }
        } catch {
            throw Self.problem(error)
        }
        (configuration, labels, samples, version) = parsed!
        self.file = file
    }

    /// The bytes the restored model takes.
    ///
    /// - Throws: 422 where they cannot be counted.
    func requiredBytes(budget: MemoryBudget) throws(Problem) -> Int {
        guard let bytes = configuration.estimatedBytes(classes: labels.count) else {
            throw .doesNotFit("the snapshot", bytes: nil, budget: budget)
        }
        return bytes
    }

    /// The model, with its weights bit for bit.
    ///
    /// - Parameter current: the version of the model it replaces; versions never decrease.
    /// - Throws: `RestoreError` or `LinearAlgebraError`.
    /// - Complexity: D³ multiply-adds.
    func restore(notBefore current: Int) throws -> Classifier {
        let classifier = try file.map().withUnsafeBytes { bytes in
            let reader = try SafetensorsReader(bytes)
            let projection = try reader.tensor(named: "feature_map.projection").map { try reader.array(of: $0, as: Float.self) }
            let counts = try reader.array(of: reader.requireTensor(named: "class.count", types: [.i64]), as: Int64.self)
            return try Self.with(reader, ["gram.packed_lower", "cross_moment", "class.mean", "class.m2", "weight"]) { parts in
                try Classifier(
                    restoring: SavedState(
                        configuration: configuration, labels: labels, counts: counts.map { Int($0) }, samples: samples, version: version,
                        projection: projection, gram: parts[0], crossMoment: parts[1], mean: parts[2], m2: parts[3], weights: parts[4]))
            }
        }
        classifier.advanceVersion(past: current)
        return classifier
    }

    /// Calls `body` with several tensors at once.
    private static func with<R>(
        _ reader: SafetensorsReader, _ names: [String], _ found: [UnsafeBufferPointer<Double>] = [],
        _ body: ([UnsafeBufferPointer<Double>]) throws -> R
    ) throws -> R {
        guard found.count < names.count else { return try body(found) }
        let tensor = try reader.requireTensor(named: names[found.count], types: [.f64])
        return try reader.withTensor(tensor, as: Double.self) { try with(reader, names, found + [$0], body) }
    }

    // MARK: Verification

    private static func metadata(_ reader: SafetensorsReader) throws -> (ModelConfiguration, [String], Int, Int) {
        func text(_ key: String) throws(Problem) -> String {
            guard let text = reader.metadata[key] else { throw Problem(.badRequest, "the snapshot's metadata lack \"\(key)\"") }
            return text
        }
        let format = try text("format")
        guard format == SnapshotWriter.format else {
            throw Problem(.badRequest, "the snapshot's format is \"\(format)\", expected \"\(SnapshotWriter.format)\"")
        }
        func value(_ key: String) throws -> JSONValue {
            let text = try text(key)
            do { return try JSONValue(parsing: text) } catch { throw Problem(.badRequest, "the snapshot's metadata \"\(key)\": \(error)") }
        }
        let configuration: ModelConfiguration
        do {
            configuration = try ConfigurationJSON.decode(value("config"))
        } catch let error as ConfigurationError {
            throw Problem(.badRequest, "the snapshot's configuration: \(error)")
        }
        guard let labels = try value("labels").array, labels.allSatisfy({ $0.string != nil }) else {
            throw Problem(.badRequest, "the snapshot's metadata \"labels\" must be an array of strings")
        }
        func count(_ key: String) throws -> Int {
            guard let count = try value(key).int, count >= 0, count < 1 << 62 else {
                throw Problem(.badRequest, "the snapshot's metadata \"\(key)\" must be an integer of at least 0")
            }
            return count
        }
        return (configuration, labels.compactMap(\.string), try count("samples"), try count("version"))
    }

    private static func checkShapes(_ reader: SafetensorsReader, _ configuration: ModelConfiguration, classes: Int) throws {
        let (dimension, width) = (configuration.dimension, configuration.width)
        var expected: [(String, TensorElementType, [Int])] = [
            ("gram.packed_lower", .f64, [width * (width + 1) / 2]), ("cross_moment", .f64, [width, classes]),
            ("class.count", .i64, [classes]), ("class.mean", .f64, [classes, dimension]), ("class.m2", .f64, [classes, dimension]),
            ("weight", .f64, [width, classes]),
        ]
        if configuration.featureMap != .identity { expected.append(("feature_map.projection", .f32, [dimension, width])) }
        for (name, type, shape) in expected { _ = try reader.requireTensor(named: name, types: [type], shape: shape) }
    }

    /// What a client is told of an error while restoring.
    static func problem(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case SafetensorsAccessError<any Error>.format(let inner): Problem(.badRequest, "the snapshot: \(inner)")
        case SafetensorsAccessError<any Error>.body(let inner): problem(inner)
        case let error as SafetensorsError: Problem(.badRequest, "the snapshot: \(error)")
        case let error as RestoreError: Problem(.badRequest, "the snapshot: \(error.explanation)")
        case let error as ConfigurationError: Problem(.badRequest, error.description)
        case LinearAlgebraError.outOfMemory(let bytes):
            Problem(.insufficientStorage, "the machine gave no memory for a matrix of \(bytes) bytes")
        case let error as StorageError: Problem(.insufficientStorage, "\(error)")
        default: Problem(.internalServerError, "\(error)")
        }
    }
}

extension RestoreError {
    /// What contradicts what.
    var explanation: String {
        switch self {
        case .label(let label): "the label \"\(label.prefix(64))\" is empty, too long, or stands twice"
        case .size(let part, let count, let expected): "\(part) has \(count) values, expected \(expected)"
        case .value(let part, let index): "\(part)[\(index)] is not finite or not possible"
        case .residual(let residual):
            "weight does not solve (G + ridge·I)·W = Q: the relative residual is \(residual), expected at most 1e-6"
        }
    }
}
