using System.Globalization;

namespace Agent.Bench.Measure;

/// <summary>What a program of this project is told on its command line: <c>--rounds 5 --zones 5000 --json FILE</c>.</summary>
public sealed class BenchOptions
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Reads them; an option that is given twice is a list.</summary>
    /// <exception cref="FormatException">An option without a value, or a word that is none.</exception>
    public static BenchOptions Parse(IReadOnlyList<string> arguments)
    {
        BenchOptions options = new();
        for (int index = 0; index < arguments.Count; index += 2)
        {
            if (!arguments[index].StartsWith("--", StringComparison.Ordinal) || index + 1 == arguments.Count)
            {
                throw new FormatException($"{arguments[index]}: expected --name value");
            }

            string name = arguments[index][2..];
            options._values[name] = options._values.TryGetValue(name, out string? earlier)
                ? $"{earlier},{arguments[index + 1]}"
                : arguments[index + 1];
        }

        return options;
    }

    /// <summary>Where the report goes as one line of JSON, besides the table on standard output.</summary>
    public string? JsonFile => _values.GetValueOrDefault("json");

    /// <summary>A word, or a list with commas; null when it was not given.</summary>
    public string? Text(string name) => _values.GetValueOrDefault(name);

    /// <exception cref="FormatException">Not a whole number above 0.</exception>
    public int Number(string name, int otherwise)
    {
        if (!_values.TryGetValue(name, out string? text))
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value
            : throw new FormatException($"--{name} {text}: expected a whole number above 0");
    }
}
