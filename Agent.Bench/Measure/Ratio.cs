using System.Globalization;
using System.Text.Json.Serialization;

namespace Agent.Bench.Measure;

/// <summary>A figure of ours over a figure of a peer, medians of the same run, and what was aimed at.</summary>
/// <param name="Aim">In words: "at least 1.0". Where several steps are named ("at least 1.0, then 1.5"), the last one counts.</param>
public sealed record Ratio(string Name, double Value, string Aim)
{
    /// <summary>Whether the value is what was aimed at; null when the words name no bound.</summary>
    [JsonIgnore]
    public bool? IsReached
    {
        get
        {
            if (Bound is not { } bound) return null;
            return Aim.Split(' ') switch
            {
                ["at", "least", ..] => Value >= bound,
                ["at", "most", ..] => Value <= bound,
                ["below" or "under", ..] => Value < bound,
                [_] => Value == bound,
                _ => null,
            };
        }
    }

    /// <summary><see cref="IsReached"/> as a word; nothing where there is no bound.</summary>
    [JsonIgnore]
    public string Verdict => IsReached switch { true => "yes", false => "no", null => "" };

    private double? Bound => Aim.Split((char[])[' ', ',']).Reverse()
        .Select(word => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : (double?)null)
        .FirstOrDefault(number => number is not null);
}
