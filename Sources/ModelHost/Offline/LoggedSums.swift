internal import AnalyticLearning
internal import LinearAlgebra
internal import Storage
internal import TensorFormats

/// G and Q of a checkpoint with the rows and changes of its logs, summed without the learner.
struct LoggedSums: ~Copyable {
    var gram: NormalEquations
    var crossMoment: Matrix
    var version: Int
    var rows = 0
    var changes = 0
    var tornEnd: TornEnd?

    /// Computes the sums.
    ///
    /// - Parameter labels: the checkpoint's labels on entry, all labels on return.
    /// - Throws: `StorageError` that names file and offset of damage, or `LinearAlgebraError`.
    /// - Complexity: D²n + d·D·n multiply-adds for n rows.
    static func adding(_ recovery: ModelRecovery, to state: SavedState, _ labels: inout [Label]) throws -> LoggedSums {
        let dimension = state.configuration.dimension
        let chain = try LogChain(recovery.directory, after: recovery.version)
        let gram = try NormalEquations(dimension: state.configuration.width, packedLower: state.gram)
        var crossMoment = try Matrix(rows: state.configuration.width, columns: labels.count)
        crossMoment.setRowMajor(state.crossMoment)
        var sums = LoggedSums(gram: gram, crossMoment: crossMoment, version: recovery.version)
        var map = try state.makeMap()
        var stored = try StoredLabels(recovery)
        guard var registry = ClassRegistry(labels: stored.labels) else {
            throw DamagedState(path: recovery.directory.checkpointPath(recovery.version), reason: "a label appears twice")
        }
        var features: [Double] = []
        var targets: [Int] = []
        var configuration = state.configuration
        while let record = try LoggedRecord.next(chain, dimension: dimension, features: &features) {
            switch record.content {
            case .rows(let requests):
                if configuration.needsScale {
                    try chain.chooseScale(&configuration, requests, features: features[...])
                    map = map.with(configuration)
                }
                for request in requests {
                    for label in try stored.labels(of: request.labels) { targets.append(registry.intern(label).column) }
                }
                if targets.count >= 1024 { try sums.add(&features, &targets, map, classes: registry.count) }
            case .change(let change):
                try sums.add(&features, &targets, map, classes: registry.count)
                try chain.check(change, registry, configuration)
                sums.make(change, &registry, &configuration)
            }
        }
        try sums.add(&features, &targets, map, classes: registry.count)
        labels = registry.labels
        sums.version = chain.version
        sums.tornEnd = chain.tornEnd
        return sums
    }

    private init(gram: consuming NormalEquations, crossMoment: consuming Matrix, version: Int) {
        self.gram = gram
        self.crossMoment = crossMoment
        self.version = version
    }

    private mutating func make(_ change: LoggedChange, _ registry: inout ClassRegistry, _ configuration: inout ModelConfiguration) {
        changes += 1
        switch change {
        case .renamed(let column, _, let new): registry.rename(column, to: new)
        case .deleted(let column, _):
            // Its rows stay in G as rows of no class.
            crossMoment.removeColumn(column)
            registry.remove(column)
        case .joined(let column, _, let target):
            if let into = registry.column(of: target) { crossMoment.addColumn(column, to: into) }
            crossMoment.removeColumn(column)
            registry.remove(column)
        case .settings(let patch): patch.apply(to: &configuration)
        }
    }

    /// Adds gathered rows, and empties the buffers.
    private mutating func add(_ features: inout [Double], _ targets: inout [Int], _ map: FeatureMap, classes: Int) throws {
        guard !targets.isEmpty else { return }
        var x = try Matrix(rows: features.count / targets.count, columns: targets.count)
        x.withMutableElements { _ = $0.update(fromContentsOf: features) }
        var h = try Matrix(rows: gram.dimension, columns: targets.count)
        try map.map(x, columns: targets.count, into: &h)
        gram.add(h)
        try crossMoment.setColumns(classes)
        for (row, column) in targets.enumerated() {
            h.withColumn(row) { values in
                crossMoment.withMutableColumn(column) { sum in for index in values.indices { sum[index] += values[index] } }
            }
        }
        rows += targets.count
        features.removeAll(keepingCapacity: true)
        targets.removeAll(keepingCapacity: true)
    }
}
