internal import Concurrency
internal import Foundation

/// What the system reports about this process, under the names that Prometheus's own clients use.
struct ProcessReading {
    /// User and system time in seconds.
    var cpuSeconds = 0.0
    var residentBytes: Int?
    var virtualBytes: Int?
    var openDescriptors: Int?
    var maximumDescriptors: Int?
    /// In seconds since 1970.
    var startTime: Double?
    var threads: Int?

    /// Reads `/proc/self`. Omits what cannot be read.
    ///
    /// - Complexity: O(open descriptors).
    init() {
        cpuSeconds = ProcessorClock.now
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { maximumDescriptors = Int(clamping: limit.rlim_cur) }
        openDescriptors = Self.countDescriptors()
        guard let text = Self.read("/proc/self/stat"), let nameEnd = text.lastIndex(of: ")") else { return }
        // The fields after the name, which may contain blanks; the first of them is the third of all (proc(5)).
        let fields = text[text.index(after: nameEnd)...].split(separator: " ")
        func field(_ number: Int) -> Int? { fields.indices.contains(number - 3) ? Int(fields[number - 3]) : nil }
        threads = field(20)
        virtualBytes = field(23)
        residentBytes = field(24).map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
        if let ticks = field(22), let boot = Self.bootTime { startTime = boot + Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK))) }
    }

    /// Writes the metrics.
    func write(to text: inout MetricsText) {
        text.family("process_cpu_seconds_total", .counter, "Total user and system CPU time of the process in seconds.")
        text.sample(cpuSeconds)
        text.family("process_resident_memory_bytes", .gauge, "Resident memory of the process in bytes.")
        text.sample(residentBytes.map(Double.init))
        text.family("process_virtual_memory_bytes", .gauge, "Virtual memory of the process in bytes.")
        text.sample(virtualBytes.map(Double.init))
        text.family("process_open_fds", .gauge, "Number of open file descriptors.")
        text.sample(openDescriptors.map(Double.init))
        text.family("process_max_fds", .gauge, "Maximum number of open file descriptors.")
        text.sample(maximumDescriptors.map(Double.init))
        text.family("process_threads", .gauge, "Number of threads of the process.")
        text.sample(threads.map(Double.init))
        text.family("process_start_time_seconds", .gauge, "Start time of the process, in seconds since 1970.")
        text.sample(startTime)
    }

    private static func countDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        // Without `.`, `..` and the descriptor used for reading.
        var count = -3
        while readdir(directory) != nil { count += 1 }
        return max(0, count)
    }

    /// When the system booted, in seconds since 1970.
    private static let bootTime: Double? = read("/proc/stat").flatMap { text in
        text.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst("btime ".count)) }
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
