extension InferenceRequestReader {
    private var name: String { signature.input.description }

    /// Reads the inputs, including the data if it comes after shape and datatype.
    func readInputs<Scalar: FeatureScalar>(
        _ scanner: inout JSONScanner, _ tensor: inout InputTensor, _ values: inout [Scalar]
    ) throws(JSONError) -> InferenceError? {
        try scanner.beginArray(field: "inputs")
        while try scanner.nextElement() {
            if let error = try readInput(&scanner, &tensor, &values) { return error }
        }
        return nil
    }

    private func readInput<Scalar: FeatureScalar>(
        _ scanner: inout JSONScanner, _ tensor: inout InputTensor, _ values: inout [Scalar]
    ) throws(JSONError) -> InferenceError? {
        var isNamed = false
        var seen = SeenKeys()
        let isSecond = tensor.isThere
        tensor.isThere = true
        try scanner.beginObject(field: "an input")
        while let key = try scanner.nextKey() {
            // Only the name of a second input matters.
            if isSecond, !(key == "name") {
                try scanner.skipValue()
                continue
            }
            switch key {
            case "name":
                try seen.insert(0, key)
                let text = try scanner.readText(field: "the name of an input")
                guard text.equals(signature.input) else { return .unknownInput(text.excerpt, expected: name) }
                if isSecond { return .duplicate("input \"\(name)\"") }
                isNamed = true
            case "datatype":
                try seen.insert(1, key)
                let text = try scanner.readText(field: "datatype")
                guard let datatype = InferenceDatatype(text) else { return .unknownDatatype(text.excerpt, of: name) }
                guard datatype != .bool, datatype != .bytes else { return .datatype(datatype, of: name) }
                tensor.datatype = datatype
            case "shape":
                try seen.insert(2, key)
                if let error = try readShape(&scanner, &tensor) { return error }
            case "parameters":
                try seen.insert(3, key)
                try tensor.readParameters(&scanner)
            case "data":
                try seen.insert(4, key)
                if isNamed, let datatype = tensor.datatype, tensor.shape != nil {
                    switch try readJSON(&scanner, datatype, tensor.rows, &values) {
                    case .success(let fits): tensor.isRead = fits
                    case .failure(let error): return error
                    }
                } else {
                    tensor.data = scanner
                    try scanner.skipValue()
                }
            default: try scanner.skipValue()
            }
        }
        guard isNamed else { return .missing("the \"name\" of an input", expected: "\"\(name)\"") }
        if tensor.isInSharedMemory { return .sharedMemory("input \"\(name)\"") }
        return nil
    }

    private func readShape(_ scanner: inout JSONScanner, _ tensor: inout InputTensor) throws(JSONError) -> InferenceError? {
        _ = try scanner.peekKind()
        let start = scanner.position
        try scanner.beginArray(field: "shape")
        while try scanner.nextElement() {
            let size = try scanner.readIntegralNumber(field: "shape")
            if tensor.dimensions == 0 { tensor.rows = size }
            if tensor.dimensions == 1 { tensor.secondDimension = size }
            tensor.dimensions += 1
        }
        tensor.shape = start..<scanner.position
        guard tensor.dimensions == 2, tensor.secondDimension == columns, tensor.rows >= 1 else {
            let text = UnsafeRawBufferPointer(rebasing: header[start..<min(scanner.position, start + 80)])
            return .shape(String(decoding: text, as: UTF8.self), of: name, expected: "[rows, \(columns)], at least 1 row")
        }
        return nil
    }

    /// Reads data that has not been read yet, and checks that the whole body is used.
    func readData<Scalar: FeatureScalar>(_ tensor: InputTensor, _ values: inout [Scalar]) throws(JSONError) -> Result<Bool, InferenceError>
    {
        guard let datatype = tensor.datatype else { return .failure(.missing("the \"datatype\" of input \"\(name)\"", expected: "FP32")) }
        guard tensor.shape != nil else {
            return .failure(.missing("the \"shape\" of input \"\(name)\"", expected: "[rows, \(columns)]"))
        }
        let isJSON = tensor.isRead != nil || tensor.data != nil
        guard isJSON != (tensor.binarySize != nil) else { return .failure(.data(name, isTwice: isJSON)) }
        let rest = UnsafeRawBufferPointer(rebasing: body[header.count...])
        guard let size = tensor.binarySize else {
            guard rest.isEmpty else { return .failure(.binaryData(rest.count, expected: 0)) }
            if let isRead = tensor.isRead { return .success(isRead) }
            guard var scanner = tensor.data else { return .failure(.data(name, isTwice: false)) }
            return try readJSON(&scanner, datatype, tensor.rows, &values)
        }
        let (count, overflow) = tensor.rows.multipliedReportingOverflow(by: columns)
        let (expected, overflowing) = count.multipliedReportingOverflow(by: datatype.byteCount ?? 0)
        guard !overflow, !overflowing, size == expected else {
            return .failure(.binarySize(size, of: name, expected: overflow || overflowing ? .max : expected))
        }
        guard size == rest.count else { return .failure(.binaryData(rest.count, expected: size)) }
        let raw = RawTensor(name: signature.input, datatype: datatype, columns: columns, bytes: rest)
        do throws(InferenceError) {
            return .success(try raw.append(to: &values, maximumMagnitude: signature.maximumMagnitude))
        } catch { return .failure(error) }
    }

    /// Reads data in JSON, nested as rows or flattened.
    private func readJSON<Scalar: FeatureScalar>(
        _ scanner: inout JSONScanner, _ datatype: InferenceDatatype, _ rows: Int, _ values: inout [Scalar]
    ) throws(JSONError) -> Result<Bool, InferenceError> {
        let limit = signature.maximumMagnitude
        switch datatype {
        case .fp32, .fp64:
            var ahead = scanner
            do {
                try ahead.readTensor(field: signature.input, rows: rows, columns: columns, into: &values, maximumMagnitude: limit)
                scanner = ahead
                return .success(true)
            } catch {
                // FP32 data must fit; FP64 data beyond Float is worth a second reading.
                guard datatype == .fp64, case .outOfFloatRange = error.kind else { throw error }
                try scanner.skipValue()
                return .success(false)
            }
        case .uint8: try readIntegers(&scanner, UInt8.self, rows, &values)
        case .uint16: try readIntegers(&scanner, UInt16.self, rows, &values)
        case .uint32: try readIntegers(&scanner, UInt32.self, rows, &values)
        case .uint64: try readIntegers(&scanner, UInt64.self, rows, &values)
        case .int8: try readIntegers(&scanner, Int8.self, rows, &values)
        case .int16: try readIntegers(&scanner, Int16.self, rows, &values)
        case .int32: try readIntegers(&scanner, Int32.self, rows, &values)
        case .int64: try readIntegers(&scanner, Int64.self, rows, &values)
        case .fp16, .bf16: return .failure(.noJSONForm(datatype, of: name))
        case .bool, .bytes: return .failure(.datatype(datatype, of: name))
        }
        return .success(true)
    }

    /// Reads integers, nested as rows or flattened; each is rounded once if the scalar cannot hold it.
    private func readIntegers<Scalar: FeatureScalar, Integer: FixedWidthInteger>(
        _ scanner: inout JSONScanner, _ type: Integer.Type, _ rows: Int, _ values: inout [Scalar]
    ) throws(JSONError) {
        let before = values.count
        do throws(JSONError) {
            try scanner.beginArray(field: signature.input)
            guard try scanner.nextElement() else { throw scanner.wrongCount(0, rows, signature.input) }
            let isNested = try scanner.peekKind() == .array
            var found = 0
            repeat {
                let offset = scanner.position
                if isNested {
                    guard found < rows else { throw scanner.wrongCount(found + 1, rows, signature.input) }
                    let start = values.count
                    try scanner.beginArray(field: signature.input)
                    while try scanner.nextElement() { values.append(Scalar(try scanner.readInteger(as: type, field: signature.input))) }
                    guard values.count - start == columns else {
                        throw JSONError(
                            .wrongCount(values.count - start, expected: columns), at: offset,
                            place: FieldPlace(field: name, row: found))
                    }
                } else {
                    values.append(Scalar(try scanner.readInteger(as: type, field: signature.input)))
                }
                found += 1
            } while try scanner.nextElement()
            let (count, overflow) = isNested ? (rows, false) : rows.multipliedReportingOverflow(by: columns)
            guard !overflow, found == count else { throw scanner.wrongCount(found, overflow ? .max : count, signature.input) }
        } catch {
            values.removeLast(values.count - before)
            throw error
        }
    }
}

extension JSONScanner {
    fileprivate func wrongCount(_ count: Int, _ expected: Int, _ field: StaticString) -> JSONError {
        JSONError(.wrongCount(count, expected: expected), at: position, place: FieldPlace(field: field.description))
    }
}
