// swift-tools-version: 6.2
import PackageDescription

extension [SwiftSetting] {
    /// The language settings of every target: Swift 6 checks, the upcoming features, and no warnings.
    static var strict: [SwiftSetting] {
        [
            .swiftLanguageMode(.v6),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .treatAllWarnings(as: .error),
        ]
    }
}

// A target imports only those above it.
let package = Package(
    name: "accrue",
    products: [
        .library(name: "AnalyticLearning", targets: ["AnalyticLearning"]),
        // With the learner, whose configurations and labels it takes.
        .library(name: "ModelHost", targets: ["ModelHost", "AnalyticLearning"]),
        .executable(name: "accrue", targets: ["accrue"]),
    ],
    targets: [
        .systemLibrary(name: "CLAPACK", pkgConfig: "lapack", providers: [.apt(["liblapack-dev"])]),
        .target(name: "CLinux"),
        .target(name: "CChecksum"),
        .target(name: "CScoreKernel"),
        .target(name: "Concurrency", swiftSettings: .strict),
        .target(name: "LinearAlgebra", dependencies: ["CLAPACK", "Concurrency"], swiftSettings: .strict),
        .target(name: "AnalyticLearning", dependencies: ["CScoreKernel", "LinearAlgebra"], swiftSettings: .strict),
        .target(name: "TensorFormats", dependencies: ["CChecksum"], swiftSettings: .strict),
        .target(name: "Storage", dependencies: ["Concurrency", "TensorFormats"], swiftSettings: .strict),
        .target(
            name: "ModelHost", dependencies: ["Concurrency", "AnalyticLearning", "LinearAlgebra", "TensorFormats", "Storage"],
            swiftSettings: .strict),
        .target(name: "HTTPServer", dependencies: ["CLinux", "Concurrency"], swiftSettings: .strict),
        .target(
            name: "ClassifierService",
            dependencies: [
                "Concurrency", "AnalyticLearning", "LinearAlgebra", "TensorFormats", "Storage", "ModelHost", "HTTPServer",
            ],
            // The dashboard is part of the program, which needs no files beside it.
            resources: [.embedInCode("Dashboard/Page")],
            swiftSettings: .strict),
        .target(name: "CommandSupport", dependencies: ["Concurrency", "HTTPServer", "TensorFormats"], swiftSettings: .strict),
        .target(
            name: "Benchmarks",
            dependencies: ["Concurrency", "LinearAlgebra", "AnalyticLearning", "TensorFormats", "CommandSupport"],
            swiftSettings: .strict),
        .executableTarget(
            name: "accrue",
            dependencies: [
                "Concurrency", "ModelHost", "ClassifierService", "AnalyticLearning", "LinearAlgebra", "TensorFormats", "HTTPServer",
                "CommandSupport", "Benchmarks",
            ],
            swiftSettings: .strict),
        .target(name: "DirectSolutions", path: "Tests/DirectSolutions", swiftSettings: .strict),
        .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"], swiftSettings: .strict),
        .testTarget(
            name: "AnalyticLearningTests",
            dependencies: ["AnalyticLearning", "Concurrency", "LinearAlgebra", "TensorFormats", "DirectSolutions"],
            exclude: ["Vectors"],
            swiftSettings: .strict),
        .testTarget(name: "TensorFormatsTests", dependencies: ["TensorFormats"], swiftSettings: .strict),
        .target(
            name: "StorageTestSupport", dependencies: ["Concurrency", "Storage"], path: "Tests/StorageTestSupport", swiftSettings: .strict),
        .testTarget(name: "ConcurrencyTests", dependencies: ["Concurrency"], swiftSettings: .strict),
        .testTarget(name: "StorageTests", dependencies: ["Concurrency", "Storage", "StorageTestSupport"], swiftSettings: .strict),
        .testTarget(
            name: "ModelHostTests",
            dependencies: [
                "Concurrency", "ModelHost", "AnalyticLearning", "LinearAlgebra", "TensorFormats", "Storage", "StorageTestSupport",
            ],
            swiftSettings: .strict),
        .testTarget(
            name: "HTTPServerTests", dependencies: ["Concurrency", "HTTPServer"], exclude: ["h1_cases.json"], swiftSettings: .strict),
        .testTarget(
            name: "ClassifierServiceTests",
            dependencies: [
                "Concurrency", "ClassifierService", "AnalyticLearning", "LinearAlgebra", "TensorFormats", "Storage", "ModelHost",
                "HTTPServer",
                "StorageTestSupport", "DirectSolutions",
            ],
            swiftSettings: .strict),
        .testTarget(
            name: "accrueTests",
            dependencies: ["Concurrency", "accrue", "CommandSupport", "AnalyticLearning", "TensorFormats", "ModelHost", "HTTPServer"],
            swiftSettings: .strict),
    ]
)
