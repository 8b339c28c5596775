internal import AnalyticLearning
internal import Storage

/// Takes a model in a data directory back to an older checkpoint, while no server has the directory open.
public enum CheckpointRestoring {
    /// A version that there is no checkpoint of.
    public struct NoCheckpoint: Error, CustomStringConvertible {
        /// What there is.
        public var description: String
    }

    /// Makes the state of an older checkpoint the newest.
    ///
    /// Versions never decrease: the state gets the number after the newest. The other checkpoints stay until the next one is made; rows that
    /// were learned after the old checkpoint are gone with their logs.
    ///
    /// - Returns: the new version.
    /// - Throws: `StorageError`, `DamagedState`, or `NoCheckpoint`.
    public static func restore(_ path: String, model name: String, version: Int) throws -> Int {
        // Opening to read does not make a directory where there is none.
        try DataDirectory(reading: path).close()
        let data = try DataDirectory(path)
        defer { data.close() }
        guard ModelName.isValid(name), try data.modelNames().contains(name) else {
            throw NoCheckpoint(description: "\(path) has no model named \"\(name)\"")
        }
        let directory = data.model(name)
        if let newest = try directory.checkpoints().last,
            let erasure = (try? CheckpointFile.open(directory, version: newest))?.metadata.erasure
        {
            // Rows that have been unlearned do not come back with an older checkpoint.
            try directory.synchronize()
            try erasure.finish(in: directory, newest: newest)
        }
        let versions = try directory.checkpoints()
        guard versions.contains(version) else {
            let known = versions.map(String.init).joined(separator: ", ")
            throw NoCheckpoint(description: "there is no checkpoint of version \(version); available versions: \(known)")
        }
        var newest = max(versions.last ?? version, try directory.logs().last ?? version)
        if let last = versions.last {
            // Versions that only the logs know were seen too. Damage behind what is readable is what one may want to leave behind; an end that
            // is merely torn is cut, or the log that is made next would speak against it.
            if let chain = try? LogChain(directory, after: last) {
                do {
                    while try chain.next() {}
                    _ = try chain.continue()
                } catch {}
                newest = max(newest, chain.version)
            }
        }
        let classifier = try CheckpointFile.open(directory, version: version).restore(notBefore: newest, solvingAnew: true)
        let writer = try directory.beginCheckpoint(version: classifier.version)
        try CheckpointFile.write(classifier, IdempotencyTable(), to: writer)
        _ = try directory.createLog(version: classifier.version)
        try writer.commit()
        try directory.prune(before: classifier.version, keeping: .max)
        return classifier.version
    }
}
