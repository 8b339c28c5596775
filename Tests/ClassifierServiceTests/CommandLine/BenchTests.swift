import Foundation
import TensorFormats
import Testing

/// Each measurement of `accrue bench` at a size that takes no time: it runs to its end and reports what it promises, whatever the figures.
@Suite struct BenchTests {
    /// The results of a measurement as JSON: each has exactly these keys, with texts or numbers; null if nothing was measured.
    private func results(_ arguments: String, keys: [String]) throws -> [JSONValue] {
        let outcome = try Executable(["bench"] + arguments.split(separator: " ").map(String.init) + ["--json"]).wait()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let results = try #require(try JSONValue(parsing: outcome.output)["results"].array)
        for result in results {
            let entries = result.object?.entries ?? []
            #expect(entries.map(\.key) == keys)
            for entry in entries { #expect([.string, .number, .null].contains(entry.value.kind), "\(entry.key)") }
        }
        return results
    }

    private func texts(_ results: [JSONValue], _ key: String) -> [String] { results.compactMap { $0[key].string } }

    private func expectPositive(_ results: [JSONValue], _ keys: [String]) {
        for result in results { for key in keys { #expect((result[key].double ?? 0) > 0, "\(key) of \(result)") } }
    }

    @Test func engine() throws {
        let keys = [
            "dimension", "classes", "batch", "rows_per_second", "gflops", "dgemm_gflops", "efficiency", "accumulate_over_dsyrk",
            "bulk_over_dsyrk", "speedup_over_published",
        ]
        let results = try results("engine --dimension 64 --classes 3,5 --batch 16 --seconds 0.0001", keys: keys)
        #expect(results.map { $0["dimension"].int } == [64, 64] && results.map { $0["classes"].int } == [3, 5])
        expectPositive(results, ["batch", "rows_per_second", "gflops", "dgemm_gflops", "efficiency"])
        #expect(results.allSatisfy { $0["bulk_over_dsyrk"] == .null && $0["speedup_over_published"] == .null })
        let against = try self.results("engine --dimension 64 --classes 3 --batch 2048 --seconds 0.0001 --against published", keys: keys)
        expectPositive(against, ["speedup_over_published"])
    }

    @Test func engineAsATable() throws {
        let outcome = try Executable.run("bench", "engine", "--dimension", "64", "--classes", "3", "--batch", "16", "--seconds", "0.0001")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("rows/s") && outcome.output.contains("dgemm GFLOP/s"))
    }

    @Test(arguments: ["", " --inputs 6"]) func predict(inputs: String) throws {
        let results = try results(
            "predict --dimension 24 --classes 4 --batch 1,3 --seconds 0.01\(inputs)",
            keys: ["dimension", "classes", "rows", "kernel_microseconds", "kernel_gflops", "sgemm_microseconds", "sgemm_gflops"])
        #expect(results.map { $0["rows"].int } == [1, 3])
        expectPositive(results, ["kernel_microseconds", "kernel_gflops", "sgemm_microseconds", "sgemm_gflops"])
    }

    @Test func rebalance() throws {
        let results = try results(
            "rebalance --dimension 24 --inputs 6 --classes 3 --cap 4 --seconds 0.01",
            keys: [
                "method", "samples", "rows_added", "refresh_milliseconds", "draws_milliseconds", "map_milliseconds", "syrk_milliseconds",
                "potrf_milliseconds", "potrs_milliseconds", "ratio",
            ])
        #expect(texts(results, "method") == ["pseudo_features", "reweight", "discriminant", "pseudo_features", "reweight", "discriminant"])
        expectPositive(results, ["samples", "refresh_milliseconds"])
        let others = results.filter { $0["method"].string != "discriminant" }
        expectPositive(others, ["rows_added", "syrk_milliseconds", "potrf_milliseconds", "ratio"])
    }

    @Test func memory() throws {
        let results = try results("memory --dimension 24 --classes 3 --batch 4", keys: ["after", "peak_mebibytes", "ratio"])
        #expect(
            texts(results, "after") == ["start", "learn", "learn, predict", "learn, predict, snapshot", "rebalance"])
        expectPositive(results, ["peak_mebibytes", "ratio"])
    }

    @Test(arguments: ["", " --map 40"]) func http(map: String) throws {
        let results = try results(
            "http --dimension 24 --classes 3 --batch 4 --rate 50 --seconds 0.3\(map)",
            keys: [
                "load", "requests_per_second", "rows_per_second", "p50_milliseconds", "p90_milliseconds", "p99_milliseconds",
                "p999_milliseconds", "p99_over_idle",
            ])
        #expect(
            texts(results, "load")
                == [
                    "predict", "predict, one after another", "predict, 64 connections", "learn", "predict, while learning",
                    "learn, while predicting",
                ])
        // On an overloaded machine nothing may have been answered.
        for result in results { #expect((result["requests_per_second"].double ?? -1) >= 0) }
    }

    @Test func durability() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("accrue-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let results = try results(
            "durability --data \(directory.path) --dimension 24 --inputs 6 --classes 3 --batch 4 --connections 2 --rows 40 --rate 50"
                + " --checkpoint-dimension 24 --requests 20 --seconds 0.3", keys: ["figure", "value", "unit", "ratio"])
        #expect(results.count == 10)
        #expect(texts(results, "unit") == ["rows/s", "rows/s", "ms", "ms", "ms", "rows/s", "rows/s", "s", "s", "s"])
        #expect(texts(results, "figure").contains { $0.hasPrefix("recovery of 40 logged rows") })
        #expect(texts(results, "figure").contains { $0.hasPrefix("recovery of 40 single rows") })
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty, "what was written is there still")
    }

    @Test func load() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("accrue-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let results = try results(
            "load --data \(directory.path) --dimension 24 --inputs 6 --classes 3 --rows 2500 --compute-threads 1",
            keys: ["figure", "value", "unit", "over_dsyrk", "over_dsyrk_and_map"])
        #expect(
            texts(results, "figure") == [
                "accrue learn --load, npz", "accrue learn --load, NDJSON", "accrue learn, npz", "dsyrk", "dsyrk and map",
                "memory, read and written by a copy",
            ])
        expectPositive(results, ["value"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty, "what was written is there still")
    }

    @Test func otherMeasurements_areRefused() throws {
        let outcome = try Executable.run("bench", "speed", "--json")
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty && outcome.errors.contains("\"speed\""))
    }
}
