/// When the next checkpoint is due: by the bytes and the age of the records that are in logs but in no checkpoint.
///
/// Times are seconds of a single clock, which the caller reads.
struct CheckpointSchedule {
    /// Records in logs.
    private struct Logged {
        var bytes = 0
        /// When the first of them was logged.
        var since: Double?

        mutating func add(_ other: Logged) {
            bytes += other.bytes
            since = [since, other.since].compactMap { $0 }.min()
        }
    }

    /// Seconds after which a failed checkpoint is retried; each further failure doubles them.
    static let pause = 30.0
    /// The longest pause.
    static let longestPause = 480.0

    private let maximumBytes: Int
    private let maximumAge: Double
    /// Records that are neither in a checkpoint nor in the one under way.
    private var logged = Logged()
    /// Records in the checkpoint under way.
    private var covered = Logged()
    /// Size of the last checkpoint.
    private var checkpointBytes = 0
    /// Failed checkpoints since the last success.
    private var failures = 0
    private var notBefore = -Double.infinity

    init(_ settings: DurabilityConfiguration) {
        maximumBytes = settings.checkpointLogBytes
        maximumAge = settings.checkpointAge
    }

    /// Whether records exist that are neither in a checkpoint nor in the one under way.
    var hasRecords: Bool { logged.bytes > 0 }

    /// Counts a logged record.
    mutating func add(bytes: Int, at time: Double) {
        logged.add(Logged(bytes: bytes, since: time))
    }

    /// Removes the last logged record from the count.
    mutating func remove(bytes: Int) {
        logged.bytes -= bytes
        if logged.bytes <= 0 { logged = Logged() }
    }

    /// Starts a checkpoint of this size, which includes all records.
    mutating func begin(bytes: Int) {
        checkpointBytes = bytes
        covered.add(logged)
        logged = Logged()
    }

    /// Records that the checkpoint under way is in place.
    mutating func succeed() {
        covered = Logged()
        failures = 0
        notBefore = -.infinity
    }

    /// Records that the checkpoint under way failed, or could not start: its records are still in the logs only.
    mutating func fail(at time: Double) {
        logged.add(covered)
        covered = Logged()
        notBefore = time + min(Self.longestPause, Self.pause * Double(1 << min(failures, 10)))
        failures += 1
    }

    /// Whether a checkpoint is due.
    func isDue(at time: Double) -> Bool {
        guard let since = logged.since, time >= notBefore else { return false }
        // A large state allows a large log: a checkpoint should not write more than the log did.
        let isLarge = logged.bytes >= max(maximumBytes, checkpointBytes)
        return failures > 0 || isLarge || time >= since + maximumAge
    }

    /// The latest time at which a checkpoint is due; nil if none is needed.
    var wakeUp: Double? {
        guard let since = logged.since else { return nil }
        return failures > 0 ? notBefore : since + maximumAge
    }
}
