using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Agent.Host.Commands;

/// <summary>The commands that ask a running agent whether it should attract traffic, for scripts and for ExaBGP.</summary>
internal sealed class AnycastCommands(CommandConsole console)
{
    private const string Path = "anycast";

    private readonly ApiOptions _options = new();
    private readonly Option<string[]> _prefixes = new("--prefix")
    {
        Description = "What is announced, once or more (default: what the agent is configured with)",
        HelpName = "PREFIX",
    };

    private readonly Option<string> _nextHop = new("--next-hop")
    {
        Description = "Next hop of the routes", DefaultValueFactory = _ => "self", HelpName = "ADDRESS|self",
    };

    private readonly Option<double> _interval = new("--interval")
    {
        Description = "Seconds between two questions, and the longest wait for an answer",
        DefaultValueFactory = _ => 1,
        HelpName = "SECONDS",
    };

    private readonly Option<int> _fall = new("--fall")
    {
        Description = "Questions in a row without an answer after which the routes are withdrawn",
        DefaultValueFactory = _ => 2,
        HelpName = "N",
    };

    public Command AnycastCommand() => new("anycast", "Whether a node should attract traffic")
    {
        _options.Asking("check", "Ends with 0 when the asked node should attract traffic, else with 1 or 3", console, CheckAsync), ExaBgp(),
    };

    private async Task<int> CheckAsync(ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement answer = await client.GetStateAsync(Path, cancellation);
        if (_options.WantsJson(parsed)) JsonOutput.Write(console, answer);
        else console.Output.WriteLine(PlainText.Of(InWords(answer)));
        return ApiClient.Text(answer, "announce") == bool.TrueString ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>The body of <c>/anycast</c> in one line for people; what is no such thing as it is.</summary>
    public static string InWords(string body)
    {
        try
        {
            return InWords(JsonSerializer.Deserialize<JsonElement>(body));
        }
        catch (JsonException)
        {
            return body;
        }
    }

    private static string InWords(JsonElement answer)
    {
        string[] reasons =
            [.. ApiClient.Items(answer, "reasons").Select(reason => $"{ApiClient.Text(reason, "code")}: {ApiClient.Text(reason, "text")}")];
        string decision = ApiClient.Text(answer, "announce") == bool.TrueString
            ? $"announce, metric {ApiClient.Text(answer, "metric")}"
            : "stay away";
        return reasons.Length == 0 ? decision : $"{decision}; {string.Join("; ", reasons)}";
    }

    private Command ExaBgp()
    {
        Command command = _options.Asking(
            "exabgp",
            "Tells ExaBGP, which runs this as a process, what to announce; withdraws when the agent is silent",
            console,
            PipeAsync);
        foreach (Option option in (Option[])[_prefixes, _nextHop, _interval, _fall]) command.Add(option);
        Check(_prefixes, text => IPNetwork.TryParse(text, out _), "a prefix like 192.0.2.53/32");
        Check(_nextHop, text => text == "self" || IPAddress.TryParse(text, out _), "an address, or self");
        Check(_interval, text => NumberOf(text) is >= 0.1 and <= 60, "from 0.1 to 60");
        Check(_fall, text => NumberOf(text) >= 1, "1 or more");
        return command;
    }

    /// <summary>What is written only; defaults are good.</summary>
    private static void Check(Option option, Func<string, bool> isGood, string wanted) => option.Validators.Add(result =>
    {
        if (result.Tokens.FirstOrDefault(token => !isGood(token.Value)) is { } odd)
            result.AddError($"{option.Name}: '{odd.Value}' is not {wanted}");
    });

    private static double? NumberOf(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;

    /// <summary>Until ExaBGP ends: it closes our input then.</summary>
    private async Task<int> PipeAsync(ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        var routes = new ExaBgpRoutes(parsed.GetValue(_prefixes) ?? [], parsed.GetValue(_nextHop)!, parsed.GetValue(_fall));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task listening = HearEndAsync(end);
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(parsed.GetValue(_interval)));
        try
        {
            do
            {
                await SayAsync(await LookAsync(client, routes, pace.Period, end.Token));
            }
            while (await pace.WaitForNextTickAsync(end.Token));
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            if (cancellation.IsCancellationRequested) await SayAsync(routes.Ended());
        }
        catch (IOException)
        {
            // Nobody reads any more: ExaBGP is gone, and its routes with it.
        }

        await end.CancelAsync();
        return ExitCode.Done;
    }

    private async Task<IReadOnlyList<string>> LookAsync(ApiClient client, ExaBgpRoutes routes, TimeSpan patience, CancellationToken end)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(end);
        late.CancelAfter(patience);
        try
        {
            return routes.Answered(await client.GetStateAsync(Path, late.Token));
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            return routes.Silent();
        }
        catch (ApiException failure)
        {
            IReadOnlyList<string> lines = routes.Silent();
            if (lines.Count > 0) await console.Error.WriteLineAsync($"agent: {failure.Message}");
            return lines;
        }
    }

    private async Task SayAsync(IReadOnlyList<string> lines)
    {
        foreach (string line in lines) await console.Output.WriteLineAsync(line);
        await console.Output.FlushAsync(CancellationToken.None);
    }

    /// <summary>ExaBGP acknowledges each line; what it says is read so that its pipe does not fill, and means nothing.</summary>
    private static async Task HearEndAsync(CancellationTokenSource end)
    {
        byte[] buffer = new byte[1024];
        try
        {
            await using Stream input = Console.OpenStandardInput();
            while (await input.ReadAsync(buffer, end.Token) > 0)
            {
            }

            await end.CancelAsync();
        }
        catch (Exception over) when (over is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The command ends for another reason.
        }
    }
}
