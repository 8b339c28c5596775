internal import TensorFormats

/// The buffers of a prediction and of an inference.
///
/// `@unchecked Sendable`: see `PredictWorkspace`.
final class InferenceWorkspace: PredictWorkspace, @unchecked Sendable {
    var inference = InferenceBuffers()

    private var spareRequests: [InferenceRequest] = []

    override func reset() {
        super.reset()
        inference.reset(keepingCapacityUpTo: 1 << 20)
    }

    /// Clears the last request and its answer, but not the rows and their scores.
    func resetInference() {
        writer.removeAll()
        inference.reset(keepingCapacityUpTo: 1 << 20)
    }

    /// Takes the request out, and puts one with spare memory in its place.
    func takeRequest() -> InferenceRequest {
        var request = spareRequests.popLast() ?? InferenceRequest()
        swap(&request, &inference.request)
        return request
    }

    /// Puts a request in, and keeps the memory of the one in its place.
    func put(_ request: InferenceRequest) {
        if spareRequests.count < TurnLimits.rows { spareRequests.append(inference.request) }
        inference.request = request
    }
}

/// Buffers of an inference. A thread keeps them, so that requests allocate nothing once they have grown.
struct InferenceBuffers {
    /// The values of one output, in one of the two forms.
    struct Output {
        var texts = BytesTensor()
        var numbers: [Float] = []
    }

    var request = InferenceRequest()
    /// Novelty, rejection and sets, if the request wants any.
    var extras: RowExtras?
    /// In the order of the signature.
    var outputs = OpenInference.signature.outputs.map { _ in Output() }

    /// Clears the buffers, and frees the memory of an unusually large request.
    mutating func reset(keepingCapacityUpTo limit: Int) {
        request.reset()
        extras = nil
        for index in outputs.indices {
            outputs[index].texts.removeAll(keepingCapacityUpTo: limit)
            outputs[index].numbers.removeAll(keepingCapacity: outputs[index].numbers.capacity <= limit)
        }
    }
}
