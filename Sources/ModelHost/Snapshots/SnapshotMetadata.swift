internal import AnalyticLearning
internal import TensorFormats

/// A snapshot's metadata: strings in safetensors, the structured ones as JSON.
struct SnapshotMetadata: Sendable {
    /// The format that is written.
    static let format = "accrue/2"
    /// The formats that are read; a file of an older one lacks what is newer.
    private static let readFormats = ["accrue/1", format]

    var configuration: ModelConfiguration
    /// In column order.
    var labels: [Label]
    /// The stored labels of an older server's checkpoint, in column order, if some of them are no longer valid: see `StoredLabels`.
    var storedLabels: PackedStrings?
    var samples: Int
    var version: Int
    /// Version of the state that `weight.balanced`, or the discriminant, was computed from.
    var balancedVersion: Int?
    /// Bound of the rounding error in the Gram matrix; older snapshots have none.
    var sumError: Double?
    /// In a checkpoint, what must be removed before the model may be used.
    var erasure: Erasure?
    /// The divisor of scores before the softmax, if known: for programs that predict from the file. Restoring does not read it;
    /// temperatures are derived from the calibration's own tensors.
    private var temperature: Double?
    private var balancedTemperature: Double?

    init(_ classifier: Classifier, erasure: Erasure? = nil) {
        self.erasure = erasure
        configuration = classifier.configuration
        labels = classifier.registry.labels
        samples = classifier.samples
        version = classifier.version
        balancedVersion = classifier.balancedVersion
        sumError = classifier.savedSumError
        temperature = classifier.calibration(of: .plain)?.temperature
        balancedTemperature = classifier.calibration(of: .balanced)?.temperature
    }

    /// Reads and checks the metadata.
    ///
    /// - Parameter isCheckpoint: whether the service wrote the file itself: invalid labels of an older server are then renamed instead of
    ///   refused.
    /// - Throws: `ModelError` that names the key.
    init(_ reader: SafetensorsReader, isCheckpoint: Bool = false) throws(ModelError) {
        let source = Source(metadata: reader.metadata)
        let format = try source.text("format")
        guard Self.readFormats.contains(format) else {
            let number = format.hasPrefix("accrue/") ? Int(format.dropFirst(7)) ?? 0 : 0
            let isNewer = number > Self.readFormats.count
            let expected = isNewer ? "written by a newer version of this program; this version reads" : "expected"
            let formats = Self.readFormats.map { "\"\($0)\"" }.joined(separator: " or ")
            throw ModelError(.invalid, "the snapshot's format is \"\(format)\", \(expected) \(formats)")
        }
        do {
            configuration = try ConfigurationJSON.decode(source.value("config"))
        } catch let error as ConfigurationError {
            throw ModelError(.invalid, "the snapshot's configuration: \(error)")
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelError(.invalid, "the snapshot's configuration: \(error)")
        }
        // The configuration of a ridge that chooses itself does not say which one is in force.
        if configuration.ridgeChoice != .fixed { configuration.ridge = try source.positive("ridge") }
        let texts = try source.labels()
        do throws(ModelError) {
            var renamed: [Label]?
            if isCheckpoint { renamed = try LabelRepair.labels(of: texts) }
            if renamed != nil { storedLabels = texts }
            if let renamed { labels = renamed } else { labels = try texts.labels() }
        } catch {
            throw ModelError(.invalid, "the snapshot's metadata: \(error.detail)")
        }
        samples = try source.count("samples")
        version = try source.count("version")
        balancedVersion = reader.metadata["balanced_version"] == nil ? nil : try source.count("balanced_version")
        sumError = reader.metadata["sum_error"] == nil ? nil : try source.bound("sum_error")
        erasure = reader.metadata["erases_before"] == nil ? nil : Erasure(version: try source.count("erases_before"))
    }

    /// Adds the metadata to a layout.
    func add(to layout: inout SafetensorsLayout) throws(SafetensorsError) {
        try layout.addMetadata("format", Self.format)
        try layout.addMetadata("config", ConfigurationJSON.encode(configuration).description)
        if configuration.ridgeChoice != .fixed { try layout.addMetadata("ridge", "\(configuration.ridge)") }
        try layout.addMetadata("labels", JSONValue.array(labels.map { JSONValue.string($0.text) }).description)
        try layout.addMetadata("samples", String(samples))
        try layout.addMetadata("version", String(version))
        if let temperature { try layout.addMetadata("temperature", "\(temperature)") }
        if let balancedTemperature { try layout.addMetadata("temperature.balanced", "\(balancedTemperature)") }
        if let sumError { try layout.addMetadata("sum_error", "\(sumError)") }
        if let erasure { try layout.addMetadata("erases_before", String(erasure.version)) }
        if let balancedVersion { try layout.addMetadata("balanced_version", String(balancedVersion)) }
    }

    private struct Source {
        let metadata: SafetensorsMetadata

        func text(_ key: String) throws(ModelError) -> String {
            guard let text = metadata[key] else { throw ModelError(.invalid, "the snapshot's metadata has no \"\(key)\"") }
            return text
        }

        /// The longest text parsed as a tree, which takes many times its memory; a configuration has a few hundred bytes.
        private static let maximumText = 64 << 10

        func value(_ key: String) throws(ModelError) -> JSONValue {
            let text = try text(key)
            guard text.utf8.count <= Self.maximumText else {
                throw ModelError(
                    .invalid, "the snapshot's metadata \"\(key)\" has \(text.utf8.count) bytes, expected at most \(Self.maximumText)")
            }
            do {
                return try JSONValue(parsing: text)
            } catch {
                throw ModelError(.invalid, "the snapshot's metadata \"\(key)\": \(error)")
            }
        }

        /// The labels, read one by one: they may be megabytes.
        func labels() throws(ModelError) -> PackedStrings {
            var text = try text("labels")
            let result = text.withUTF8 { octets -> Result<PackedStrings?, JSONError> in
                do throws(JSONError) { return .success(try Self.strings(UnsafeRawBufferPointer(octets))) } catch { return .failure(error) }
            }
            let labels: PackedStrings?
            do { labels = try result.get() } catch { throw ModelError(.invalid, "the snapshot's metadata \"labels\": \(error)") }
            guard let labels else { throw ModelError(.invalid, "the snapshot's metadata \"labels\" must be an array of strings") }
            return labels
        }

        /// Nil if the text is not an array of strings.
        private static func strings(_ text: UnsafeRawBufferPointer) throws(JSONError) -> PackedStrings? {
            var scanner = JSONScanner(text)
            guard try scanner.peekKind() == .array else { return nil }
            var strings = PackedStrings()
            try scanner.beginArray()
            while try scanner.nextElement() {
                guard try scanner.peekKind() == .string else { return nil }
                try scanner.readStringOrInteger(into: &strings, maximumBytes: .max, field: "labels", row: strings.count)
            }
            try scanner.finish()
            return strings
        }

        func bound(_ key: String) throws(ModelError) -> Double {
            guard let bound = try value(key).double, bound.isFinite, bound >= 0 else {
                throw ModelError(.invalid, "the snapshot's metadata \"\(key)\" must be a number of at least 0")
            }
            return bound
        }

        func positive(_ key: String) throws(ModelError) -> Double {
            guard let number = try value(key).double, number.isFinite, number > 0 else {
                throw ModelError(.invalid, "the snapshot's metadata \"\(key)\" must be a number greater than 0")
            }
            return number
        }

        func count(_ key: String) throws(ModelError) -> Int {
            guard let count = try value(key).int, (0...Classifier.maximumCount).contains(count) else {
                throw ModelError(.invalid, "the snapshot's metadata \"\(key)\" must be an integer from 0 to \(Classifier.maximumCount)")
            }
            return count
        }
    }
}
