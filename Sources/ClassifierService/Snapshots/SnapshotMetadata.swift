internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// What stands in a snapshot's metadata: strings in safetensors, the structured ones as JSON.
struct SnapshotMetadata: Sendable {
    static let format = "accrue/1"

    var configuration: ModelConfiguration
    /// In column order.
    var labels: [String]
    var samples: Int
    var version: Int
    /// The state that `weight.balanced` was made from.
    var balancedVersion: Int?
    /// In a checkpoint, what must be removed before its model may be used.
    var erasure: Erasure?
    /// What scores are divided by before the softmax, where that is known: for those who predict from the file. Restoring does not read
    /// them, the temperatures follow from the calibration's own tensors.
    private var temperature: Double?
    private var balancedTemperature: Double?

    init(_ classifier: Classifier, erasure: Erasure? = nil) {
        self.erasure = erasure
        configuration = classifier.configuration
        labels = classifier.registry.labels
        samples = classifier.samples
        version = classifier.version
        balancedVersion = classifier.balancedVersion
        temperature = classifier.calibration(of: .plain)?.temperature
        balancedTemperature = classifier.calibration(of: .balanced)?.temperature
    }

    /// Reads and checks them.
    ///
    /// - Throws: `Problem` that names the key.
    init(_ reader: SafetensorsReader) throws(Problem) {
        let source = Source(metadata: reader.metadata)
        let format = try source.text("format")
        guard format == Self.format else {
            let number = format.hasPrefix("accrue/") ? Int(format.dropFirst(7)) ?? 0 : 0
            let expected = number > 1 ? "of a newer version of this program; this one reads" : "expected"
            throw Problem(.badRequest, "the snapshot's format is \"\(format)\", \(expected) \"\(Self.format)\"")
        }
        do {
            configuration = try ConfigurationJSON.decode(source.value("config"))
        } catch let error as ConfigurationError {
            throw Problem(.badRequest, "the snapshot's configuration: \(error)")
        } catch let error as Problem {
            throw error
        } catch {
            throw Problem(.badRequest, "the snapshot's configuration: \(error)")
        }
        guard let labels = try source.value("labels").array, labels.allSatisfy({ $0.string != nil }) else {
            throw Problem(.badRequest, "the snapshot's metadata \"labels\" must be an array of strings")
        }
        self.labels = labels.compactMap(\.string)
        samples = try source.count("samples")
        version = try source.count("version")
        balancedVersion = reader.metadata["balanced_version"] == nil ? nil : try source.count("balanced_version")
        erasure = reader.metadata["erases_before"] == nil ? nil : Erasure(version: try source.count("erases_before"))
    }

    /// Declares them.
    func add(to layout: inout SafetensorsLayout) throws(SafetensorsError) {
        try layout.addMetadata("format", Self.format)
        try layout.addMetadata("config", ConfigurationJSON.encode(configuration).description)
        try layout.addMetadata("labels", JSONValue.array(labels.map(JSONValue.string)).description)
        try layout.addMetadata("samples", String(samples))
        try layout.addMetadata("version", String(version))
        if let temperature { try layout.addMetadata("temperature", "\(temperature)") }
        if let balancedTemperature { try layout.addMetadata("temperature.balanced", "\(balancedTemperature)") }
        if let erasure { try layout.addMetadata("erases_before", String(erasure.version)) }
        if let balancedVersion { try layout.addMetadata("balanced_version", String(balancedVersion)) }
    }

    private struct Source {
        let metadata: SafetensorsMetadata

        func text(_ key: String) throws(Problem) -> String {
            guard let text = metadata[key] else { throw Problem(.badRequest, "the snapshot's metadata lack \"\(key)\"") }
            return text
        }

        func value(_ key: String) throws(Problem) -> JSONValue {
            let text = try text(key)
            do {
                return try JSONValue(parsing: text)
            } catch {
                throw Problem(.badRequest, "the snapshot's metadata \"\(key)\": \(error)")
            }
        }

        func count(_ key: String) throws(Problem) -> Int {
            guard let count = try value(key).int, (0...Classifier.maximumCount).contains(count) else {
                throw Problem(.badRequest, "the snapshot's metadata \"\(key)\" must be an integer from 0 to \(Classifier.maximumCount)")
            }
            return count
        }
    }
}
