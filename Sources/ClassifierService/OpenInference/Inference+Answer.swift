internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

extension Inference {
    /// Writes the values that `run` collected.
    ///
    /// - Parameter scorer: the scorer returned by `run`.
    /// - Returns: the length of the JSON if binary data follows it; nil otherwise.
    func write(_ workspace: InferenceWorkspace, _ scorer: Scorer) -> Int? {
        let request = workspace.inference.request
        writeHead(&workspace.writer, request, scorer, workspace.inference.extras)
        workspace.writer.key("outputs")
        workspace.writer.beginArray()
        for output in request.outputs { write(output, workspace, classes: scorer.classCount) }
        workspace.writer.endArray()
        workspace.writer.endObject()
        guard request.outputs.contains(where: \.isBinary) else { return nil }
        let headerCount = workspace.writer.count
        for output in request.outputs where output.isBinary {
            let buffer = workspace.inference.outputs[output.index]
            if output.isText {
                buffer.texts.withUnsafeBytes { workspace.writer.append(octets: $0) }
            } else {
                // Little-endian, like this machine.
                buffer.numbers.withUnsafeBytes { workspace.writer.append(octets: $0) }
            }
        }
        return headerCount
    }

    private func writeHead(_ writer: inout JSONWriter, _ request: InferenceRequest, _ scorer: Scorer, _ extras: RowExtras?) {
        writer.beginObject()
        writer.member("model_name", model)
        writer.member("model_version", decimal: weights.version)
        if !request.id.isEmpty {
            writer.key("id")
            request.id.withUnsafeBytes { writer.write(encoded: $0) }
        }
        writer.key("parameters")
        writer.beginObject()
        writer.member("weights", scorer.kind == .balanced ? "balanced" : "plain" as StaticString)
        if let version = scorer.balancedVersion {
            writer.member("balanced_version", version)
        }
        balance(of: request, scorer).writeParameter(to: &writer)
        if request.outputs.contains(where: { $0.index == InferenceOutput.probability.rawValue }) {
            writer.member("temperature", scorer.calibration?.temperature)
        }
        if let extras { writeHead(&writer, extras) }
        writer.endObject()
    }

    private func writeHead(_ writer: inout JSONWriter, _ extras: RowExtras) {
        if let rejection = extras.rejection {
            writer.member("reject", rejection.share)
            writer.member("novelty_threshold", rejection.threshold)
        }
        if let coverage = extras.coverage, coverage.leastProbability <= 1 {
            writer.member("least_probability", coverage.leastProbability)
        }
    }

    private func write(_ output: InferenceRequest.Output, _ workspace: InferenceWorkspace, classes: Int) {
        let buffer = workspace.inference.outputs[output.index]
        workspace.writer.beginObject()
        workspace.writer.member("name", OpenInference.signature.outputs[output.index])
        workspace.writer.member("datatype", output.isText ? "BYTES" : "FP32" as StaticString)
        workspace.writer.key("shape")
        workspace.writer.beginArray()
        workspace.writer.write(workspace.inference.request.rows)
        if output.kind.hasClasses { workspace.writer.write(min(output.classes ?? classes, classes)) }
        workspace.writer.endArray()
        if output.isBinary {
            workspace.writer.key("parameters")
            workspace.writer.beginObject()
            workspace.writer.member("binary_data_size", output.isText ? buffer.texts.byteCount : buffer.numbers.count * 4)
            workspace.writer.endObject()
        } else {
            workspace.writer.key("data")
            workspace.writer.beginArray()
            if output.isText {
                buffer.texts.forEach { workspace.writer.write(utf8: $0) }
            } else {
                for number in buffer.numbers { workspace.writer.write(number) }
            }
            workspace.writer.endArray()
        }
        workspace.writer.endObject()
    }

    /// Sends the written answer.
    static func answer(_ workspace: InferenceWorkspace, headerCount: Int?, _ responder: consuming Responder) {
        var slot = Optional(responder)
        workspace.writer.withUnsafeBytes { octets in
            slot.take()?.send(.ok, contentType: contentType(headerCount), field: field(headerCount), body: octets)
        }
    }

    /// The same at the end of a turn.
    static func answer(_ workspace: InferenceWorkspace, headerCount: Int?, _ responder: TurnResponder) {
        workspace.writer.withUnsafeBytes { octets in
            responder.send(.ok, contentType: contentType(headerCount), field: field(headerCount), body: octets)
        }
    }

    /// The written answer as a response.
    static func response(_ workspace: InferenceWorkspace, headerCount: Int?) -> Response {
        let headers = field(headerCount).map { [HeaderField($0.name, String($0.value))] } ?? []
        return Response(.ok, contentType: contentType(headerCount), headers: headers, bytes: workspace.writer.array)
    }

    private static func contentType(_ headerCount: Int?) -> StaticString {
        headerCount == nil ? "application/json" : "application/octet-stream"
    }

    private static func field(_ headerCount: Int?) -> NumberField? {
        headerCount.map { NumberField("Inference-Header-Content-Length", $0) }
    }
}

extension JSONWriter {
    /// Writes an integer as a string: versions are strings in the protocol.
    mutating func write(decimal value: Int) {
        write(String(value))
    }

    /// Writes a key and an integer as a string.
    mutating func member(_ name: StaticString, decimal value: Int) { member(name, String(value)) }
}
