internal import AnalyticLearning
internal import TensorFormats

/// The calibration of probabilities in answers.
struct CalibrationAnswer {
    /// Nil until enough labels were seen.
    let calibration: Calibration?

    /// Writes the part in predictions: the temperature, and the number of rows it is based on; null if there is none.
    func writeSummary(to writer: inout JSONWriter) {
        guard let calibration else { return writer.writeNull() }
        writer.beginObject()
        write(calibration, to: &writer)
        writer.endObject()
    }

    /// Writes the part in model details: also how reliable the probabilities have been.
    func write(to writer: inout JSONWriter) {
        guard let calibration else { return writer.writeNull() }
        writer.beginObject()
        write(calibration, to: &writer)
        writer.member("expected_calibration_error", calibration.expectedCalibrationError)
        writer.member("expected_calibration_error_raw", calibration.expectedCalibrationErrorOfRawScores)
        writer.key("coverage")
        writer.beginArray()
        for level in CoverageLevel.allCases {
            guard let coverage = calibration.coverage(level) else { continue }
            writer.beginObject()
            writer.member("level", level.rawValue)
            writer.member("covered", coverage.covered)
            writer.member("mean_size", coverage.meanSize)
            writer.member("samples", coverage.rows)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    private func write(_ calibration: Calibration, to writer: inout JSONWriter) {
        writer.member("temperature", calibration.temperature)
        writer.member("samples", calibration.samples)
    }
}
