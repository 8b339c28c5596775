internal import LinearAlgebra

/// The classes that a change needs, and the memory that the model may hold with them.
struct ClassRoom {
    /// All classes, including those that the model already has.
    let classes: Int
    let configuration: ModelConfiguration
    /// The most bytes, by `ModelConfiguration.estimatedBytes`.
    let memoryLimit: Int

    /// - Parameter known: the number of classes that the model has.
    /// - Throws: `LinearAlgebraError.outOfMemory` if new classes exceed the limit.
    func check(known: Int) throws(LinearAlgebraError) {
        guard memoryLimit < .max, classes > known else { return }
        let bytes = configuration.estimatedBytes(classes: classes) ?? .max
        guard bytes <= memoryLimit else { throw .outOfMemory(bytes: bytes) }
    }
}
