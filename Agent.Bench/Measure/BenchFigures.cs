using System.Text.Json;
using System.Text.Json.Serialization;

namespace Agent.Bench.Measure;

/// <summary>One line of figures of a run that is over.</summary>
/// <param name="Values">Every sample, while they are few.</param>
public sealed record Figure(
    string Subject, string Quantity, string Unit, double Median, double P99, IReadOnlyList<double>? Values);

/// <summary>What a program of this project found, as it goes into a file and comes back.</summary>
public sealed record BenchFigures(
    string Title, IReadOnlyList<Figure> Measurements, IReadOnlyList<Ratio> Ratios, IReadOnlyList<string> Notes)
{
    /// <summary>Names as in JSON's habit; a ratio whose other side measured nothing is infinite, and is written so.</summary>
    public static JsonSerializerOptions Format { get; } = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <exception cref="JsonException">Not what <see cref="ToJson"/> wrote.</exception>
    public static BenchFigures FromJson(string text) =>
        JsonSerializer.Deserialize<BenchFigures>(text, Format) ?? throw new JsonException("no figures");

    /// <summary>One line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Format);
}
