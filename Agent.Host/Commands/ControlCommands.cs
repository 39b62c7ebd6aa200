using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Host.Configuration;

namespace Agent.Host.Commands;

/// <summary><c>zone create|delete|notify</c>: what a pool manager sends, by hand.</summary>
internal sealed class ControlCommands(CommandConsole console)
{
    private const int AgentPort = 5354;

    public IEnumerable<Command> ZoneCommands() =>
    [
        Sending("create", ControlOperation.Create, "Sends CREATE: the agent transfers the zone and brings its servers to serve it"),
        Sending("delete", ControlOperation.Delete, "Sends DELETE: the agent takes the zone off its servers"),
        Sending("notify", ControlOperation.Notify, "Sends NOTIFY: the agent looks for a newer serial"),
    ];

    private Command Sending(string name, ControlOperation operation, string description)
    {
        var zone = new Argument<string>("NAME") { Description = "The zone" };
        var at = new Option<string>("--at") { Description = "The agent's DNS address", Required = true, HelpName = "HOST:PORT" };
        var tcp = new Option<bool>("--tcp") { Description = "Send over TCP instead of UDP" };
        var keyFile = new Option<string?>("--key-file")
        {
            Description = "Sign with the TSIG key of this file, as tsig-keygen writes it",
            HelpName = "FILE",
        };
        var timeout = new Option<double>("--timeout")
        {
            Description = "Seconds to wait for the answer",
            DefaultValueFactory = _ => 30,
            HelpName = "SECONDS",
        };
        var command = new Command(name, description) { zone, at, tcp, keyFile, timeout };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (!DomainName.TryParse(parsed.GetValue(zone), out DomainName? zoneName))
            {
                return console.Fail(ExitCode.Usage, $"'{parsed.GetValue(zone)}' is not a domain name");
            }

            if (HostEndpoint.Parse(parsed.GetValue(at)!, AgentPort) is not { Port: > 0 } agent)
            {
                return console.Fail(ExitCode.Usage, $"'{parsed.GetValue(at)}' is no HOST:PORT");
            }

            double seconds = parsed.GetValue(timeout);
            if (seconds is not (> 0 and <= 86400)) return console.Fail(ExitCode.Usage, "--timeout must be above 0 and at most a day");
            TsigKey? key = null;
            if (parsed.GetValue(keyFile) is { } path && !TsigKeyFile.TryRead(path, out key, out string problem))
            {
                return console.Fail(ExitCode.Usage, $"{path}: {problem}");
            }

            var request = new ControlRequest(operation, zoneName, parsed.GetValue(tcp), TimeSpan.FromSeconds(seconds), key);
            return await SendAsync(agent, request, cancellation);
        });
        return command;
    }

    private async Task<int> SendAsync(HostEndpoint agent, ControlRequest request, CancellationToken cancellation)
    {
        try
        {
            IPAddress address = agent.Address ?? (await System.Net.Dns.GetHostAddressesAsync(agent.Host, cancellation))[0];
            if (console.IsTerminal) console.Error.WriteLine(Announce(agent, request));
            ControlAnswer answer = await ControlClient.SendAsync(new IPEndPoint(address, agent.Port), request, cancellation);
            console.Output.WriteLine(Describe(request, answer));
            foreach (string error in answer.ExtendedErrors) console.Output.WriteLine($"  extended error {error}");
            return answer.IsSuccess ? ExitCode.Done : ExitCode.Failed;
        }
        catch (TimeoutException failure)
        {
            return console.Fail(ExitCode.TimedOut, failure.Message);
        }
        catch (SocketException failure)
        {
            // Who ends a connection was there.
            bool wasThere = failure.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown;
            return console.Fail(wasThere ? ExitCode.Failed : ExitCode.NotRunning, $"{agent}: {failure.Message}");
        }
    }

    /// <summary>For a person, since the agent answers when its servers serve the zone, which can take a while.</summary>
    private static string Announce(HostEndpoint agent, ControlRequest request)
    {
        string seconds = request.Timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        return $"{WordsOf(request)} sent to {agent} ({TransportOf(request)}), waiting at most {seconds} s for the answer";
    }

    private static string WordsOf(ControlRequest request) => $"{request.Zone} {request.Operation.ToString().ToUpperInvariant()}";

    private static string TransportOf(ControlRequest request) => request.UseTcp ? "TCP" : "UDP";

    internal static string Describe(ControlRequest request, ControlAnswer answer)
    {
        string milliseconds = answer.Elapsed.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture);
        return $"{WordsOf(request)} {answer.From} ({TransportOf(request)}): "
            + $"{answer.ResponseCode.ToString().ToUpperInvariant()}, flags {FlagWords(answer.Flags)}"
            + $"{SignatureWords(answer.Signature)}, {milliseconds} ms";
    }

    private static string SignatureWords(TsigVerification? signature) => signature switch
    {
        null => "",
        { IsVerified: true } => ", signed",
        { Status: TsigStatus.PeerError } => $", TSIG error {TsigErrorWord(signature.PeerError)}",
        _ => ", not signed",
    };

    /// <summary>16 is BADVERS in an OPT record, and BADSIG in a TSIG record (RFC 8945 3).</summary>
    private static string TsigErrorWord(ResponseCode error) =>
        error == ResponseCode.BadSig ? "BADSIG" : error.ToString().ToUpperInvariant();

    private static string FlagWords(ushort flags)
    {
        (ushort Bit, string Word)[] words =
        [
            (MessageHeader.ResponseFlag, "qr"), (MessageHeader.AuthoritativeFlag, "aa"), (MessageHeader.TruncatedFlag, "tc"),
            (MessageHeader.RecursionDesiredFlag, "rd"), (MessageHeader.RecursionAvailableFlag, "ra"),
        ];
        return string.Join(' ', words.Where(word => (flags & word.Bit) != 0).Select(word => word.Word));
    }
}
