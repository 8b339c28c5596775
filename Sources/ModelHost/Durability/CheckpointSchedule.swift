/// When the next checkpoint is due: by the bytes and the age of the rows that are in logs, all of them, and in no checkpoint.
///
/// Times are seconds of one clock, which the caller reads.
struct CheckpointSchedule {
    /// Rows in logs.
    private struct Logged {
        var bytes = 0
        /// When the first of them was logged.
        var since: Double?

        mutating func add(_ other: Logged) {
            bytes += other.bytes
            since = [since, other.since].compactMap { $0 }.min()
        }
    }

    /// Seconds after which a checkpoint that failed is tried again; each further failure doubles them.
    static let pause = 30.0
    /// The longest pause.
    static let longestPause = 480.0

    private let maximumBytes: Int
    private let maximumAge: Double
    /// Rows that no checkpoint has, nor one under way.
    private var logged = Logged()
    /// Rows that the checkpoint under way has.
    private var covered = Logged()
    /// What the last checkpoint took.
    private var checkpointBytes = 0
    /// Checkpoints that failed since the last that did not.
    private var failures = 0
    private var notBefore = -Double.infinity

    init(_ settings: DurabilityConfiguration) {
        maximumBytes = settings.checkpointLogBytes
        maximumAge = settings.checkpointAge
    }

    /// Whether there are rows that no checkpoint has, nor one under way.
    var hasRows: Bool { logged.bytes > 0 }

    /// Rows have been logged.
    mutating func add(bytes: Int, at time: Double) {
        logged.add(Logged(bytes: bytes, since: time))
    }

    /// Rows that were logged last have been taken back.
    mutating func remove(bytes: Int) {
        logged.bytes -= bytes
        if logged.bytes <= 0 { logged = Logged() }
    }

    /// A checkpoint of this many bytes, which has all rows, is in progress.
    mutating func begin(bytes: Int) {
        checkpointBytes = bytes
        covered.add(logged)
        logged = Logged()
    }

    /// The checkpoint under way is in place.
    mutating func succeed() {
        covered = Logged()
        failures = 0
        notBefore = -.infinity
    }

    /// The checkpoint under way has come to nothing, or could not begin: its rows are in the logs only, as before.
    mutating func fail(at time: Double) {
        logged.add(covered)
        covered = Logged()
        notBefore = time + min(Self.longestPause, Self.pause * Double(1 << min(failures, 10)))
        failures += 1
    }

    /// Whether a checkpoint is due.
    func isDue(at time: Double) -> Bool {
        guard let since = logged.since, time >= notBefore else { return false }
        // Where states are large, logs may be: a checkpoint should not write more than the log did.
        let isLarge = logged.bytes >= max(maximumBytes, checkpointBytes)
        return failures > 0 || isLarge || time >= since + maximumAge
    }

    /// When a checkpoint is due at the latest; nil while there is nothing for it.
    var wakeUp: Double? {
        guard let since = logged.since else { return nil }
        return failures > 0 ? notBefore : since + maximumAge
    }
}
