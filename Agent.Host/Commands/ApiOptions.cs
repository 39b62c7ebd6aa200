using System.CommandLine;
using Agent.Dns.Wire;

namespace Agent.Host.Commands;

/// <summary>The options that every asking command takes, and what follows from them.</summary>
internal sealed class ApiOptions
{
    /// <summary>The token of an agent that was started here, and of an installed one, which only its user and root can read.</summary>
    private static readonly string[] DefaultTokens = ["data/api-token", "/var/lib/agent/api-token"];
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    private readonly Option<string> _api = new("--api")
    {
        Description = "Address of the agent's management interface (or environment AGENT_API)",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("AGENT_API") ?? "http://127.0.0.1:8054",
        HelpName = "URL",
    };

    private readonly Option<string?> _tokenFile = new("--token-file")
    {
        Description =
            "File with the token, needed for changes and beyond loopback (default: environment AGENT_TOKEN_FILE, or "
                + string.Join(", or ", DefaultTokens) + ")",
        HelpName = "FILE",
    };

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "Form of the result",
        DefaultValueFactory = _ => "table",
        HelpName = "table|json",
    };

    public ApiOptions() => _output.AcceptOnlyFromAmong("table", "json");

    /// <summary>A command that asks: failures of the interface become a line of error and an exit code.</summary>
    public Command Asking(
        string name, string description, CommandConsole console, Func<ParseResult, ApiClient, CancellationToken, Task<int>> ask)
    {
        var command = new Command(name, description) { _api, _tokenFile, _output };
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                using ApiClient client = Connect(parsed);
                return await ask(parsed, client, cancellation);
            }
            catch (ApiException failure)
            {
                return console.Fail(failure.ExitCode, failure.Message);
            }
        });
        return command;
    }

    /// <summary>A command that asks about one name, which is its only argument.</summary>
    /// <param name="what">What the name is the name of.</param>
    public Command AskingOf(
        string what,
        string name,
        string description,
        CommandConsole console,
        Func<string, ParseResult, ApiClient, CancellationToken, Task<int>> ask)
    {
        var argument = new Argument<string>("NAME") { Description = what };
        Command command = Asking(name, description, console, (parsed, client, cancellation) =>
            DomainName.TryParse(parsed.GetValue(argument), out DomainName? parsedName)
                ? ask(parsedName.ToString(), parsed, client, cancellation)
                : throw new ApiException(ExitCode.Usage, $"'{parsed.GetValue(argument)}' is not a domain name"));
        command.Add(argument);
        return command;
    }

    public bool WantsJson(ParseResult parsed) => parsed.GetValue(_output) == "json";

    /// <summary>Says what came of an order: as a line, or as one JSON object.</summary>
    public void Tell<T>(ParseResult parsed, CommandConsole console, T outcome, string line)
    {
        if (WantsJson(parsed)) JsonOutput.Write(console, outcome);
        else console.Output.WriteLine(PlainText.Of(line));
    }

    private ApiClient Connect(ParseResult parsed)
    {
        string api = parsed.GetValue(_api)!;
        if (!Uri.TryCreate(api, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new ApiException(ExitCode.Usage, $"'{api}' is no address like http://127.0.0.1:8054");
        }

        if (address.Query.Length + address.Fragment.Length > 0)
            throw new ApiException(ExitCode.Usage, $"'{api}' says more than where the interface is");

        // The paths of the interface stand below that of the address, which may be a proxy's.
        if (!address.AbsolutePath.EndsWith('/')) address = new Uri(address.AbsoluteUri + "/");
        return new ApiClient(address, ReadToken(parsed.GetValue(_tokenFile)), AnswerTimeout);
    }

    /// <summary>A file that was named must be there; the one in the usual place need not.</summary>
    private static string? ReadToken(string? named)
    {
        named ??= Environment.GetEnvironmentVariable("AGENT_TOKEN_FILE");
        try
        {
            string? file = named ?? Array.Find(DefaultTokens, File.Exists);
            if (file is null) return null;
            string token = File.ReadAllText(file).Trim();
            bool isToken = token.Length is > 0 and < 4096 && token.All(character => character is > ' ' and <= '~');
            return isToken ? token : throw new ApiException(ExitCode.Usage, $"{file} holds no token");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return named is null ? null : throw new ApiException(ExitCode.Usage, $"cannot read the token: {failure.Message}");
        }
    }
}
