using System.Collections.Concurrent;

namespace Agent.Backends.Bind9;

/// <summary>
/// In which words named shows a configuration that it was given: it rewrites some statements ("1h" to "3600", an address to a prefix).
/// Learnt from named itself, once for each configuration; what it shows is the same for every zone but for the file.
/// </summary>
/// <remarks>Safe for any number of callers.</remarks>
internal sealed class ShownForms
{
    private readonly ConcurrentDictionary<string, string> _words = new(StringComparer.Ordinal);

    /// <summary>named shows this for what was wanted.</summary>
    /// <param name="wanted">The canonical form of what it was given.</param>
    /// <param name="shown">That of what it shows.</param>
    public void Learn(string wanted, string shown) => _words[wanted] = shown;

    /// <summary>Whether named's words for it are known.</summary>
    public bool Knows(string wanted) => _words.ContainsKey(wanted);

    /// <summary>Whether what is shown is what was wanted, as far as is known.</summary>
    public bool IsSame(string wanted, string shown) =>
        shown == wanted || (_words.TryGetValue(wanted, out string? words) && words == shown);

    /// <summary>The statements that only one of the two has, in a bounded sentence.</summary>
    public string Difference(string wanted, string shown)
    {
        const int CharsMax = 300;
        string[] has = shown.Split('\n');
        string[] should = _words.GetValueOrDefault(wanted, wanted).Split('\n');
        string text = $"has [{string.Join("; ", has.Except(should))}] instead of [{string.Join("; ", should.Except(has))}]";
        return text.Length <= CharsMax ? text : string.Concat(text.AsSpan(0, CharsMax), "...");
    }
}
