internal import LinearAlgebra

extension Classifier {
    /// What of a state is cheap to keep while a change is being prepared. Of the rest nothing is touched meanwhile but what is made ready
    /// in memory of its own: the sums, the weights and R stay as they are, and classes without rows are dropped again.
    private struct Outline {
        let configuration: ModelConfiguration
        let registry: ClassRegistry
        let classes: Int
        let version: Int
        let epoch: Int
        let balanced: BalancedWeights?
        let mustSolve: Bool
        let figures: RecursiveView.Figures

        init(_ classifier: Classifier) {
            configuration = classifier.configuration
            registry = classifier.registry
            classes = classifier.truth.counts.count
            version = classifier.version
            epoch = classifier.epoch
            balanced = classifier.balanced
            mustSolve = classifier.mustSolve
            figures = classifier.view.figures
        }
    }

    /// Makes ready what a change needs; the one way to anything in it that may fail.
    ///
    /// Every changing call first prepares the change whole by this, and then commits it by statements that cannot throw. Where preparing
    /// throws, the state is what it was, to the bit.
    ///
    /// - Parameter body: may set whatever `Outline` names, make room for classes, and solve by `RecursiveView.solve` in a square of its own as
    ///   the last thing that throws.
    func prepare<Prepared: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Prepared
    ) throws(Failure) -> Prepared {
        let outline = Outline(self)
        do throws(Failure) {
            return try body()
        } catch {
            restore(outline)
            throw error
        }
    }

    private func restore(_ outline: Outline) {
        configuration = outline.configuration
        registry = outline.registry
        version = outline.version
        epoch = outline.epoch
        balanced = outline.balanced
        mustSolve = outline.mustSolve
        view.figures = outline.figures
        view.dropClasses(from: outline.classes)
        truth.dropClasses(from: outline.classes)
    }
}
