internal import TensorFormats

/// The buffers of a prediction, with those of an inference.
///
/// `@unchecked Sendable`: as `PredictWorkspace`.
final class InferenceWorkspace: PredictWorkspace, @unchecked Sendable {
    var inference = InferenceBuffers()

    override func reset() {
        super.reset()
        inference.reset(keepingCapacityUpTo: 1 << 20)
    }
}

/// Buffers of an inference, kept by a thread so that requests allocate nothing once they have grown.
struct InferenceBuffers {
    /// The values of one output, in one of both forms.
    struct Output {
        var texts = BytesTensor()
        var numbers: [Float] = []
    }

    var request = InferenceRequest()
    /// In the order of the signature.
    var outputs = OpenInference.signature.outputs.map { _ in Output() }

    /// Forgets everything, and the memory of an unusually large request.
    mutating func reset(keepingCapacityUpTo limit: Int) {
        request.reset()
        for index in outputs.indices {
            outputs[index].texts.removeAll(keepingCapacityUpTo: limit)
            outputs[index].numbers.removeAll(keepingCapacity: outputs[index].numbers.capacity <= limit)
        }
    }
}
