/// Reads inference requests of the Open Inference Protocol with its binary tensor extension: JSON, optionally followed by tensors' binary
/// data; or one raw tensor without JSON.
///
/// Skips members that the protocol does not define, as it requires; refuses unknown inputs and outputs.
public struct InferenceRequestReader {
    let signature: InferenceSignature
    /// The length of a row.
    let columns: Int
    let body: UnsafeRawBufferPointer
    /// The octets before the binary data.
    let header: UnsafeRawBufferPointer
    let isRaw: Bool

    /// Prepares to read a body.
    ///
    /// - Parameters:
    ///   - signature: What can be requested.
    ///   - columns: The number of values in a row.
    ///   - body: The whole body, decompressed.
    ///   - headerCount: The value of `Inference-Header-Content-Length`, if present: the length of the JSON, or 0 for a raw tensor.
    public init(
        _ signature: InferenceSignature, columns: Int, body: UnsafeRawBufferPointer, headerCount: Int?
    ) throws(InferenceError) {
        if let headerCount, headerCount > body.count { throw .headerTooLong(headerCount, body: body.count) }
        self.signature = signature
        self.columns = columns
        self.body = body
        header = UnsafeRawBufferPointer(rebasing: body[..<(headerCount ?? body.count)])
        isRaw = headerCount == 0
    }

    /// Reads everything.
    ///
    /// - Parameters:
    ///   - request: Receives the rest of the request.
    ///   - values: Receives the rows. It is unchanged after an error.
    /// - Returns: False if a value is within the limit but beyond `Scalar`, so that all must be read again as `Double`.
    /// - Throws: `InferenceError`.
    /// - Complexity: Linear in the length of the body. Memory grows with the actual values, never with a shape alone; there is no
    ///   allocation per value.
    public func read<Scalar: FeatureScalar>(
        into request: inout InferenceRequest, values: inout [Scalar]
    ) throws(InferenceError) -> Bool {
        request.reset()
        guard !isRaw else { return try readRaw(&request, &values) }
        let before = values.count
        let result: Result<Bool, InferenceError>
        do throws(JSONError) { result = try readObject(&request, &values) } catch { result = .failure(.json(error)) }
        if case .failure = result { values.removeLast(values.count - before) }
        return try result.get()
    }

    /// Reads a body that consists of one FP32 tensor; its answer is binary too.
    private func readRaw<Scalar: FeatureScalar>(_ request: inout InferenceRequest, _ values: inout [Scalar]) throws(InferenceError) -> Bool
    {
        let (row, overflow) = columns.multipliedReportingOverflow(by: 4)
        guard !overflow, row > 0, body.count > 0, body.count % row == 0 else {
            throw .rawSize(body.count, row: row, of: signature.input.description)
        }
        request.rows = body.count / row
        request.isBinary = true
        return try RawTensor(name: signature.input, datatype: .fp32, columns: columns, bytes: body)
            .append(to: &values, maximumMagnitude: signature.maximumMagnitude)
    }

    /// Reads the JSON. Throws errors of the JSON and returns all others, since a function throws one type.
    private func readObject<Scalar: FeatureScalar>(
        _ request: inout InferenceRequest, _ values: inout [Scalar]
    ) throws(JSONError) -> Result<Bool, InferenceError> {
        var scanner = JSONScanner(header)
        var seen = SeenKeys()
        var tensor = InputTensor()
        try scanner.beginObject(field: "the body")
        while let key = try scanner.nextKey() {
            switch key {
            case "id":
                try seen.insert(0, key)
                if try scanner.skipNull() { continue }
                let text = try scanner.readText(field: "id")
                request.id.append(UInt8(ascii: "\""))
                request.id.append(contentsOf: text.raw)
                request.id.append(UInt8(ascii: "\""))
            case "parameters":
                try seen.insert(1, key)
                if let error = try readParameters(&scanner, &request) { return .failure(error) }
            case "inputs":
                try seen.insert(2, key)
                if let error = try readInputs(&scanner, &tensor, &values) { return .failure(error) }
            case "outputs":
                try seen.insert(3, key)
                if let error = try readOutputs(&scanner, &request) { return .failure(error) }
            default: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard tensor.isThere else {
            return .failure(.missing("\"inputs\"", expected: "an array with the tensor \"\(signature.input)\""))
        }
        request.finishOutputs()
        request.rows = tensor.rows
        return try readData(tensor, &values)
    }

    private func readParameters(_ scanner: inout JSONScanner, _ request: inout InferenceRequest) throws(JSONError) -> InferenceError? {
        if try scanner.skipNull() { return nil }
        try scanner.beginObject(field: "parameters")
        while let key = try scanner.nextKey() {
            if key == "binary_data_output" {
                request.isBinary = try scanner.readBool(field: "binary_data_output")
            } else if key == signature.parameter {
                let text = try scanner.readText(field: signature.parameter)
                guard let index = signature.values.firstIndex(where: { text.equals($0) }) else {
                    return .choice(signature.parameter.description, text.excerpt, expected: signature.values.map(\.description))
                }
                request.choice = index
            } else if let index = signature.numbers.firstIndex(where: { key == $0 }) {
                let number = try scanner.readDouble(field: signature.numbers[index])
                guard signature.ranges[index].contains(number) else {
                    return .number(signature.numbers[index].description, number, expected: signature.ranges[index])
                }
                request.numbers[index] = number
            } else {
                try scanner.skipValue()
            }
        }
        return nil
    }
}

extension JSONScanner {
    /// Reads `null`, if it is the next value.
    mutating func skipNull() throws(JSONError) -> Bool {
        guard try peekKind() == .null else { return false }
        try readNull()
        return true
    }

    /// Reads a string in place.
    mutating func readText(field: StaticString) throws(JSONError) -> EscapedText {
        try expect(.string, "a string", field)
        return try scanString(place: Self.place(field))
    }
}
