internal import TensorFormats

/// The buffers of a prediction and of an inference.
///
/// `@unchecked Sendable`: see `PredictWorkspace`.
final class InferenceWorkspace: PredictWorkspace, @unchecked Sendable {
    var inference = InferenceBuffers()

    override func reset() {
        super.reset()
        inference.reset(keepingCapacityUpTo: 1 << 20)
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
    /// In the order of the signature.
    var outputs = OpenInference.signature.outputs.map { _ in Output() }

    /// Clears the buffers, and frees the memory of an unusually large request.
    mutating func reset(keepingCapacityUpTo limit: Int) {
        request.reset()
        for index in outputs.indices {
            outputs[index].texts.removeAll(keepingCapacityUpTo: limit)
            outputs[index].numbers.removeAll(keepingCapacity: outputs[index].numbers.capacity <= limit)
        }
    }
}
