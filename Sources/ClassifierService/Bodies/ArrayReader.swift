internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// Reads features and labels from the binary formats: npy, npz and safetensors.
enum ArrayReader {
    /// Reads the features.
    ///
    /// - Parameter isAlone: whether labels are refused because they would not be used.
    /// - Returns: the number of rows; nil if a value is within the limit but does not fit `Scalar`.
    /// - Throws: 400.
    static func features<Scalar: FeatureScalar>(
        _ body: UnsafeRawBufferPointer, _ reader: BodyReader, isAlone: Bool, into features: inout [Scalar]
    ) throws(Problem) -> Int? {
        // Computed on demand: npy must be read without an allocation.
        var names: [String] { isAlone ? ["features"] : ["features", "labels"] }
        switch reader.format {
        case .npz:
            let archive = try open(npz: body, names)
            let array = try array(archive, "features", reader)
            return try array.withView { (view) throws(Problem) in try matrix(view, reader.dimension, into: &features) }
        case .safetensors: return try matrix(try view(try open(safetensors: body, names), "features"), reader.dimension, into: &features)
        case .npy, .json, .ndjson:
            let view: ArrayView
            do { view = try ArrayView(npy: body, name: "features") } catch { throw Problem(.badRequest, error.description) }
            return try matrix(view, reader.dimension, into: &features)
        }
    }

    /// Reads the labels, strings or integers.
    ///
    /// - Parameter rows: the expected number; more labels are refused before they are read, since a label may have no octets at all.
    /// - Throws: 400.
    static func labels(
        _ body: UnsafeRawBufferPointer, _ reader: BodyReader, rows: Int, into labels: inout PackedStrings
    ) throws(Problem) -> Int {
        guard reader.format == .safetensors else {
            let array = try array(try open(npz: body, ["features", "labels"]), "labels", reader)
            return try array.withView { (view) throws(Problem) in try list(view, rows, into: &labels) }
        }
        let file = try open(safetensors: body, ["features", "labels"])
        // Safetensors has no strings: as in a snapshot, they are a JSON array in the metadata.
        if file.tensor(named: "labels") == nil, var text = file.metadata["labels"] {
            let result = text.withUTF8 { octets -> Result<Int, JSONError> in
                var scanner = JSONScanner(UnsafeRawBufferPointer(octets))
                do throws(JSONError) {
                    let count = try scanner.readLabels(
                        field: "labels", into: &labels, maximumCount: rows, maximumBytes: Label.maximumBytes)
                    try scanner.finish()
                    return .success(count)
                } catch { return .failure(error) }
            }
            do { return try result.get() } catch { throw Problem(.badRequest, "metadata: \(error.description)") }
        }
        return try list(try view(file, "labels"), rows, into: &labels)
    }

    // MARK: Files

    private static func open(npz body: UnsafeRawBufferPointer, _ known: [String]) throws(Problem) -> NpzArchive {
        let archive: NpzArchive
        do { archive = try NpzArchive(body) } catch { throw Problem(.badRequest, error.description) }
        try refuseUnknown(archive.names, known)
        return archive
    }

    private static func open(safetensors body: UnsafeRawBufferPointer, _ known: [String]) throws(Problem) -> SafetensorsReader {
        let file: SafetensorsReader
        do { file = try SafetensorsReader(body) } catch { throw Problem(.badRequest, error.description) }
        try refuseUnknown(file.tensors.map(\.name), known)
        return file
    }

    private static func refuseUnknown(_ names: [String], _ known: [String]) throws(Problem) {
        for name in names where !known.contains(name) {
            throw Problem(
                .badRequest, "\"\(name.prefix(160))\" is not a known array; known arrays are \(known.joined(separator: ", "))")
        }
    }

    private static func array(_ archive: NpzArchive, _ name: String, _ reader: BodyReader) throws(Problem) -> NpzArray {
        do { return try archive.array(named: name, maximumByteCount: reader.maximumArrayBytes) } catch {
            if case .tooLarge = error.kind { throw Problem(.contentTooLarge, error.description) }
            throw Problem(.badRequest, error.description)
        }
    }

    private static func view(_ file: SafetensorsReader, _ name: String) throws(Problem) -> ArrayView {
        do { return try file.array(named: name) } catch { throw Problem(.badRequest, error.description) }
    }

    // MARK: Arrays

    private static func matrix<Scalar: FeatureScalar>(
        _ view: ArrayView, _ dimension: Int, into features: inout [Scalar]
    ) throws(Problem) -> Int? {
        do {
            return try view.appendMatrix(
                columns: dimension, into: &features, maximumRows: .max, maximumMagnitude: FeatureLimits.largestMagnitude)
        } catch {
            if case .outOfFloatRange = error.kind { return nil }
            throw Problem(.badRequest, error.description)
        }
    }

    private static func list(_ view: ArrayView, _ rows: Int, into labels: inout PackedStrings) throws(Problem) -> Int {
        guard view.layout.shape != [] else { throw Problem(.badRequest, "labels has shape [], expected [\(rows)]") }
        guard view.layout.shape[0] == rows else {
            throw Problem(.badRequest, "labels has shape \(view.layout.shape), expected [\(rows)]: one for each row of features")
        }
        do {
            return try view.appendLabels(into: &labels, maximumCount: rows, maximumBytes: Label.maximumBytes)
        } catch { throw Problem(.badRequest, error.description) }
    }
}
