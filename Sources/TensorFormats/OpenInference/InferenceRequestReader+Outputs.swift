extension InferenceRequestReader {
    /// Reads the requested outputs.
    func readOutputs(_ scanner: inout JSONScanner, _ request: inout InferenceRequest) throws(JSONError) -> InferenceError? {
        if try scanner.skipNull() { return nil }
        try scanner.beginArray(field: "outputs")
        while try scanner.nextElement() {
            if let error = try readOutput(&scanner, &request) { return error }
        }
        return nil
    }

    private func readOutput(_ scanner: inout JSONScanner, _ request: inout InferenceRequest) throws(JSONError) -> InferenceError? {
        var index: Int?
        var parameters = OutputParameters()
        var seen = SeenKeys()
        try scanner.beginObject(field: "an output")
        while let key = try scanner.nextKey() {
            switch key {
            case "name":
                try seen.insert(0, key)
                let text = try scanner.readText(field: "the name of an output")
                index = signature.outputs.firstIndex { text.equals($0) }
                guard let index else { return .unknownOutput(text.excerpt, expected: signature.outputs.map(\.description)) }
                if request.outputs.contains(where: { $0.index == index }) { return .duplicate("output \"\(signature.outputs[index])\"") }
            case "parameters":
                try seen.insert(1, key)
                try parameters.read(&scanner)
            default: try scanner.skipValue()
            }
        }
        guard let index else { return .missing("the \"name\" of an output", expected: "a string") }
        let name = signature.outputs[index].description
        if parameters.isInSharedMemory { return .sharedMemory("output \"\(name)\"") }
        if let classes = parameters.classes {
            guard signature.hasClasses[index] else {
                let others = zip(signature.outputs, signature.hasClasses).filter(\.1).map { "\"\($0.0)\"" }
                return .classification("\(classes)", of: name, expected: "it only with \(others.joined(separator: " or "))")
            }
            guard classes >= 1 else { return .classification("\(classes)", of: name, expected: "an integer of at least 1") }
        }
        request.append(index, parameters.isBinary, parameters.classes)
        return nil
    }
}

/// The parameters of an output.
private struct OutputParameters {
    var isBinary: Bool?
    var classes: Int?
    var isInSharedMemory = false

    mutating func read(_ scanner: inout JSONScanner) throws(JSONError) {
        if try scanner.skipNull() { return }
        var seen = SeenKeys()
        try scanner.beginObject(field: "the parameters of an output")
        while let key = try scanner.nextKey() {
            switch key {
            case "binary_data":
                try seen.insert(0, key)
                isBinary = try scanner.readBool(field: "binary_data")
            case "classification":
                try seen.insert(1, key)
                classes = try scanner.readIntegralNumber(field: "classification")
            case "shared_memory_region":
                isInSharedMemory = true
                try scanner.skipValue()
            default: try scanner.skipValue()
            }
        }
    }
}

extension InferenceRequest {
    /// Adds an output. Whether it is binary may depend on the request's parameters, which may come later.
    fileprivate mutating func append(_ index: Int, _ isBinary: Bool?, _ classes: Int?) {
        outputs.append(Output(index: index, isBinary: isBinary ?? false, classes: classes))
        if isBinary == nil { undecided |= 1 << index }
    }

    /// Applies the request's default to outputs that do not say whether they are binary.
    mutating func finishOutputs() {
        for position in outputs.indices where undecided & 1 << outputs[position].index != 0 { outputs[position].isBinary = isBinary }
        undecided = 0
    }
}
