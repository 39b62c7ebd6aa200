using System.CommandLine;
using System.Text.RegularExpressions;
using Agent.Host.Commands;
using Agent.Host.Configuration;
using Agent.Tests.Architecture;

namespace Agent.Tests.Deploy;

/// <summary>What the runbook names exists: commands, metrics, events, words of log lines, reason codes, keys, pages.</summary>
public sealed partial class RunbookTests
{
    private static readonly string Product = string.Join('\n', SourceTree.CSharpFiles
        .Where(file => !file.Path.StartsWith("Agent.Tests/", StringComparison.Ordinal)
            && !file.Path.StartsWith("Agent.Bench/", StringComparison.Ordinal))
        .Select(file => file.Text));

    private static readonly HashSet<string> Keys = KeysOfReference();

    public static TheoryData<string> Pages => [.. Directory.EnumerateFiles(DeployFiles.PathOf("runbook"), "*.md")
        .Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Everything_that_a_page_names_exists(string page)
    {
        string text = DeployFiles.Text($"runbook/{page}");
        Assert.Empty(Unknown(text));
        Assert.All(
            Link().Matches(text).Select(link => link.Groups[1].Value),
            linked => Assert.True(File.Exists(DeployFiles.PathOf($"runbook/{linked}")), linked));
        Assert.Contains($"({page})", page == "README.md" ? "(README.md)" : DeployFiles.Text("runbook/README.md"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_says_what_is_seen_what_happens_what_to_do_and_when_it_is_over(string page)
    {
        if (page == "README.md") return;
        string[] headings = [.. DeployFiles.Text($"runbook/{page}").Split('\n')
            .Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Select(line => line[3..])];
        Assert.Equal(["Seen", "By itself", "To do", "Over when"], headings);
    }

    [Theory]
    [InlineData("`agent zone lst`", "agent zone lst")]
    [InlineData("```sh\nagent cluster drain --now\n```", "agent cluster drain --now")]
    [InlineData("`event=node-vanished`", "event=node-vanished")]
    [InlineData("`dnsagent_nothing`", "dnsagent_nothing")]
    [InlineData("`target-gone`", "target-gone")]
    [InlineData("`cluster.drain-time`", "cluster.drain-time")]
    [InlineData("`/healthz`", "/healthz")]
    [InlineData("`the database ran away`", "the database ran away")]
    public void The_check_finds_what_does_not_exist(string text, string unknown) => Assert.Equal([unknown], Unknown(text));

    private static IEnumerable<string> Unknown(string text)
    {
        IEnumerable<string> blocks = Block().Matches(text).SelectMany(block => block.Groups["lines"].Value.Split('\n'))
            .Where(line => line.StartsWith("agent ", StringComparison.Ordinal)).Where(line => !IsCommand(line));
        IEnumerable<string> words = Code().Matches(Block().Replace(text, ""))
            .Select(code => code.Groups[1].Value).Where(word => !IsKnown(word));
        return blocks.Concat(words).Distinct(StringComparer.Ordinal);
    }

    private static bool IsKnown(string word) => word switch
    {
        _ when word.StartsWith("agent ", StringComparison.Ordinal) => IsCommand(word),
        _ when word.StartsWith("event=", StringComparison.Ordinal) =>
            Product.Contains($"EventName = \"{word["event=".Length..]}\"", StringComparison.Ordinal),
        _ when word.StartsWith("dnsagent_", StringComparison.Ordinal) => !DeployFiles.UnknownMetrics(word).Any() && HasLabels(word),
        _ when HealthPage().IsMatch(word) => Product.Contains($"\"{word}\"", StringComparison.Ordinal),
        _ when ForeignCommand().IsMatch(word) => true,
        _ when word.Contains(' ', StringComparison.Ordinal) => Product.Contains(word, StringComparison.Ordinal),
        _ when Hyphenated().IsMatch(word) => Product.Contains($"\"{word}\"", StringComparison.Ordinal)
            || Product.Contains($"\"{word}:", StringComparison.Ordinal) || Keys.Contains(word),
        _ when Dotted().IsMatch(word) => Keys.Contains(word),
        _ => true,
    };

    /// <summary>Every label and every value that is said stands in the sources as it is.</summary>
    private static bool HasLabels(string series) =>
        Label().Matches(series).All(label => Product.Contains($"\"{label.Groups[1].Value}\"", StringComparison.Ordinal)
            && Product.Contains($"\"{label.Groups[2].Value}\"", StringComparison.Ordinal));

    private static bool IsCommand(string line)
    {
        using var nowhere = new StringWriter();
        RootCommand root = CommandTree.Build(new CommandConsole(nowhere, nowhere, IsTerminal: false), null);
        string[] arguments = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];

        // A command that only names others, such as zone, wants one of them; and one that was named for its own sake lacks its arguments.
        return root.Parse(arguments).Errors.Count == 0 || root.Parse([.. arguments, "example.org"]).Errors.Count == 0;
    }

    private static HashSet<string> KeysOfReference()
    {
        HashSet<string> keys = new(StringComparer.Ordinal);
        AgentConfiguration reference = AgentConfiguration.Load(
            new ConfigurationSources([Path.Combine(SourceTree.Root, "hocon", "agent.conf")], []) { Environment = _ => null });
        foreach (ConfigurationLeaf leaf in ConfigurationTree.Leaves(reference.Root))
        {
            string path = leaf.Path["agent.".Length..];
            keys.Add(path);
            for (int dot = path.LastIndexOf('.'); dot > 0; dot = path.LastIndexOf('.', dot - 1)) keys.Add(path[..dot]);
        }

        return keys;
    }

    [GeneratedRegex("```sh\n(?<lines>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Block();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\(([a-z-]+\.md)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^/[a-z]+$")]
    private static partial Regex HealthPage();

    [GeneratedRegex("^(etcdctl|systemctl|pg_ctl|psql|journalctl|designate-manage) ")]
    private static partial Regex ForeignCommand();

    [GeneratedRegex("^[a-z]+(-[a-z]+)+$")]
    private static partial Regex Hyphenated();

    [GeneratedRegex(@"^[a-z-]+(\.[a-z-]+)+$")]
    private static partial Regex Dotted();

    [GeneratedRegex("([a-z]+)=\"([a-z-]+)\"")]
    private static partial Regex Label();
}
