internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// Reads the JSON bodies of learn and predict directly from their octets into arrays of numbers.
enum RowReader {
    /// `{"features":[[…]],"labels":[…]}`.
    ///
    /// - Throws: 400 that names row, field and the expected value.
    static func learn(
        _ body: UnsafeRawBufferPointer, dimension: Int, features: inout [Double], labels: inout PackedStrings
    ) throws(Problem) {
        try requireContent(body, #"a JSON object with "features" and "labels""#)
        var rows: Int?
        var labelCount: Int?
        let unknown: String?
        do throws(JSONError) {
            unknown = try readObject(body, "the body") { (scanner, key) throws(JSONError) in
                switch key {
                case "features" where rows == nil:
                    rows = try scanner.readMatrix(
                        field: "features", columns: dimension, into: &features, maximumRows: .max,
                        maximumMagnitude: FeatureLimits.largestMagnitude)
                case "labels" where labelCount == nil:
                    labelCount = try scanner.readLabels(
                        field: "labels", into: &labels, maximumCount: .max, maximumBytes: Label.maximumBytes)
                case "features", "labels": throw JSONError(.duplicateKey(key.description), at: key.offset)
                default: return false
                }
                return true
            }
        } catch { throw problem(error, expected: Self.learnExample) }
        if let unknown { throw unknownKey(unknown, known: ["features", "labels"]) }
        guard let rows else { throw Problem(.badRequest, "\"features\" is missing, expected an array of rows of \(dimension) numbers") }
        guard let labelCount else { throw Problem(.badRequest, "\"labels\" is missing, expected an array with one label per row") }
        try check(rows: rows, labelCount, labels)
    }

    /// Checks the rules for labelled rows of every format.
    static func check(rows: Int, _ labelCount: Int, _ labels: PackedStrings) throws(Problem) {
        guard rows > 0 else { throw noRows }
        guard rows == labelCount else {
            throw Problem(.badRequest, "\"labels\" has \(labelCount) entries, expected \(rows): one for each row of \"features\"")
        }
        for row in 0..<labelCount {
            if let fault = labels.labelFault(at: row) { throw .label("labels[\(row)]", fault) }
        }
    }

    /// 400 for a body without rows.
    static var noRows: Problem { Problem(.badRequest, "\"features\" has no rows, expected at least 1") }

    /// `{"features":[[…]],"top":3,"prior":{"a":0.7}}`.
    ///
    /// - Returns: the number of rows, and the options; rows is nil if a value does not fit Float32 and the body must be read again as
    ///   Float64.
    /// - Throws: 400 that names row, field and the expected value.
    static func predict<Scalar: FeatureScalar>(
        _ body: UnsafeRawBufferPointer, dimension: Int, features: inout [Scalar]
    ) throws(Problem) -> (rows: Int?, options: BodyOptions) {
        try requireContent(body, #"a JSON object with "features""#)
        var rows: Int?
        var top: Int?
        var prior: Result<BalanceWish, Problem>?
        let unknown: String?
        do throws(JSONError) {
            unknown = try readObject(body, "the body") { (scanner, key) throws(JSONError) in
                switch key {
                case "features" where rows == nil:
                    rows = try scanner.readMatrix(
                        field: "features", columns: dimension, into: &features, maximumRows: .max,
                        maximumMagnitude: FeatureLimits.largestMagnitude)
                case "top" where top == nil: top = try scanner.readIntegralNumber(field: "top")
                case "prior" where prior == nil: prior = try BalanceWish.readPrior(&scanner)
                case "features", "top", "prior": throw JSONError(.duplicateKey(key.description), at: key.offset)
                default: return false
                }
                return true
            }
        } catch {
            if case .outOfFloatRange = error.kind { return (nil, BodyOptions()) }
            throw problem(error, expected: Self.predictExample)
        }
        if let unknown { throw unknownKey(unknown, known: ["features", "top", "prior"]) }
        guard let rows else { throw Problem(.badRequest, "\"features\" is missing, expected an array of rows of \(dimension) numbers") }
        guard rows > 0 else { throw noRows }
        if let top, top < 1 { throw Problem(.badRequest, "\"top\" is \(top), expected at least 1") }
        return (rows, BodyOptions(top: top, prior: try prior?.get()))
    }

    /// A JSON value, for configurations.
    ///
    /// - Parameter expected: the expected value, named if the body is empty.
    static func value(_ body: UnsafeRawBufferPointer, expected: StaticString) throws(Problem) -> JSONValue {
        try requireContent(body, expected)
        do { return try JSONValue(parsing: body) } catch { throw problem(error, expected: "") }
    }

    // MARK: Parts

    /// Reads an object to the end of the text, without allocating.
    ///
    /// - Parameters:
    ///   - field: the object's name in messages.
    ///   - readValue: reads the value of a key, or returns false if it does not know it; the value is then skipped.
    /// - Returns: the first unknown key.
    @inline(__always)
    static func readObject(
        _ text: UnsafeRawBufferPointer, _ field: StaticString, _ readValue: (inout JSONScanner, JSONKey) throws(JSONError) -> Bool
    ) throws(JSONError) -> String? {
        var scanner = JSONScanner(text)
        var unknown: String?
        try scanner.beginObject(field: field)
        while let key = try scanner.nextKey() {
            guard try !readValue(&scanner, key) else { continue }
            unknown = unknown ?? key.description
            try scanner.skipValue()
        }
        try scanner.finish()
        return unknown
    }

    /// Throws if the body is empty or only white space, and names what was expected.
    private static func requireContent(_ body: UnsafeRawBufferPointer, _ expected: StaticString) throws(Problem) {
        let isEmpty = body.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        if isEmpty { throw Problem(.badRequest, "the body is empty, expected \(expected)") }
    }

    private static let learnExample = #"{"features": [[…], …], "labels": ["…", …]}"#
    private static let predictExample = #"{"features": [[…], …]}"#

    /// - Parameter expected: the expected body, named if it is not an object.
    private static func problem(_ error: JSONError, expected: String) -> Problem {
        guard case .wrongKind = error.kind, error.place?.field == "the body" else { return Problem(.badRequest, error.description) }
        return Problem(.badRequest, "\(error.description); send \(expected)")
    }

    /// 400 for an unknown key. If it is another service's name for a key, the answer says ours.
    static func unknownKey(_ key: String, known: [String], place: String = "") -> Problem {
        var detail = "\(place)\"\(key)\" is not a known key; known keys are \(known.joined(separator: ", "))"
        let name = key.lowercased()
        if otherNames.features.contains(name) {
            detail += ": send rows as \"features\""
        } else if let label = known.first(where: { $0.hasPrefix("label") }), otherNames.labels.contains(name) {
            detail += ": send the labels as \"\(label)\""
        }
        return Problem(.badRequest, detail)
    }

    /// Names of rows and labels in TensorFlow Serving, MLflow, scikit-learn and others.
    private static let otherNames: (features: Set<String>, labels: Set<String>) = (
        [
            "instances", "inputs", "input", "data", "x", "rows", "vectors", "vector", "embeddings", "embedding", "dataframe_split",
            "dataframe_records", "ndarray", "samples", "feature",
        ],
        ["y", "label", "labels", "target", "targets", "class", "classes", "outputs"]
    )
}
