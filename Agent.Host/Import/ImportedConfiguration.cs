using System.Text;
using Agent.Host.Configuration;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Import;

/// <summary>A configuration of ours in the making: values that say where they come from, and warnings of what has no counterpart.</summary>
public sealed class ImportedConfiguration
{
    private readonly List<(string Key, string Value, string Origin)> _values = [];
    private readonly List<string> _warnings = [];

    public IReadOnlyList<string> Warnings => _warnings;

    public void Warn(OsloOption option, string text) => Warn($"{option}: {text}");

    public void Warn(string text) => _warnings.Add(text);

    /// <param name="key">The path below <c>agent</c>.</param>
    /// <param name="origin">Where the value was set, or that it is a default over there.</param>
    public void Set(string key, string value, string origin) => _values.Add((key, HoconWriter.Quote(value), origin));

    public void Set(string key, IEnumerable<string> values, string origin) =>
        _values.Add((key, $"[{string.Join(", ", values.Select(HoconWriter.Quote))}]", origin));

    /// <summary>Leaves out, with a warning, what our own reading of the configuration does not take.</summary>
    /// <exception cref="ConfigurationException">What is wrong lies in no value of this import.</exception>
    public void Settle()
    {
        while (true)
        {
            try
            {
                AgentConfiguration.OfText(ToString(), "imported");
                return;
            }
            catch (ConfigurationException failure)
            {
                int before = _values.Count;
                foreach (ConfigurationProblem problem in failure.Problems)
                {
                    int at = _values.FindIndex(value => $"{KeySpelling.Root}.{value.Key}" == problem.Path);
                    if (at < 0) continue;
                    Warn($"{_values[at].Origin}: left out, since {_values[at].Key} does not take it: {problem.Text}");
                    _values.RemoveAt(at);
                }

                if (_values.Count == before) throw;
            }
        }
    }

    /// <summary>The file as HOCON, with the warnings as comments on top.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (string warning in _warnings) text.Append("# warning: ").Append(OneLine(warning)).Append('\n');
        text.Append(KeySpelling.Root).Append(" {\n");
        foreach ((string key, string value, string origin) in _values)
        {
            text.Append("  # ").Append(OneLine(origin)).Append('\n');
            text.Append("  ").Append(key).Append(" = ").Append(value).Append('\n');
        }

        return text.Append("}\n").ToString();
    }

    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)]);
}
