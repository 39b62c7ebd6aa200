using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Agent.Host.Commands;

/// <summary>
/// What ExaBGP is told, line by line: each prefix when it is to be announced or its metric changed, and its withdrawal. An agent that has
/// not answered several times in a row counts as dead.
/// </summary>
/// <param name="prefixes">What is announced; empty: what the agent says.</param>
/// <param name="nextHop">The next hop of all routes; <c>self</c> for ExaBGP's own address.</param>
/// <param name="fall">Questions in a row without an answer after which the routes are withdrawn.</param>
internal sealed class ExaBgpRoutes(IReadOnlyList<string> prefixes, string nextHop, int fall)
{
    private readonly SortedDictionary<string, int> _announced = new(StringComparer.Ordinal);
    private int _silences;

    /// <summary>The agent has answered.</summary>
    /// <returns>Lines for ExaBGP; none when nothing changed.</returns>
    public IReadOnlyList<string> Answered(JsonElement answer)
    {
        _silences = 0;
        bool isWanted = answer.ValueKind == JsonValueKind.Object
            && answer.TryGetProperty("announce", out JsonElement announce) && announce.ValueKind == JsonValueKind.True;
        if (!isWanted) return Withdraw(_ => true);
        int metric = answer.TryGetProperty("metric", out JsonElement given) && given.TryGetInt32(out int number) ? number : 0;
        string[] wanted =
        [
            .. (prefixes.Count > 0 ? prefixes : ApiClient.Items(answer, "prefixes").Select(prefix => prefix.ToString()))
                .Where(prefix => IPNetwork.TryParse(prefix, out _)),
        ];
        List<string> lines = [.. Withdraw(prefix => !wanted.Contains(prefix))];
        foreach (string prefix in wanted.Where(prefix => !_announced.TryGetValue(prefix, out int before) || before != metric))
        {
            _announced[prefix] = metric;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"announce route {prefix} next-hop {nextHop} med {metric}"));
        }

        return lines;
    }

    /// <summary>The agent has not answered.</summary>
    /// <returns>Lines for ExaBGP; none as long as it may be a hiccup.</returns>
    public IReadOnlyList<string> Silent() => ++_silences < fall ? [] : Withdraw(_ => true);

    /// <summary>The pipe ends.</summary>
    public IReadOnlyList<string> Ended() => Withdraw(_ => true);

    private string[] Withdraw(Func<string, bool> which)
    {
        string[] gone = [.. _announced.Keys.Where(which)];
        foreach (string prefix in gone) _announced.Remove(prefix);
        return [.. gone.Select(prefix => $"withdraw route {prefix} next-hop {nextHop}")];
    }
}
