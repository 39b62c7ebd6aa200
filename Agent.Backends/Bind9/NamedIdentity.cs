using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Bind9;

/// <summary>
/// Whether the named that answers by DNS is the one behind the control channel. Its status tells the version that it names by DNS, but
/// neither its identity nor a count of questions; it counts its clients by TCP. While we are one of them, it must count one at least.
/// </summary>
internal sealed class NamedIdentity(EndPoint server, TimeProvider time)
{
    private const string VersionLabel = "version: BIND ";
    private const string ClientsLabel = "tcp clients: ";
    private const int QuestionSize = MessageHeader.Size + 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>What the status says: <c>version: BIND 9.18.49 (Extended Support Version) &lt;id:&gt; (what it says by DNS)</c>, the last
    /// only where named.conf sets it.</summary>
    public static ControlledServer Of(string status)
    {
        if (Line(status, VersionLabel) is not { } line) return new ControlledServer(Version: null);
        int end = line.IndexOf(' ', StringComparison.Ordinal);
        string version = end < 0 ? line : line[..end];
        int behindId = line.IndexOf('>', StringComparison.Ordinal);
        bool isSet = behindId >= 0 && line.AsSpan(behindId + 1).Trim().Length > 0;
        return new ControlledServer($"BIND {version}") { VersionByDns = isSet ? SetText(line[(behindId + 1)..].Trim()) : version };
    }

    /// <summary>What cannot be of one named; null when it can.</summary>
    /// <exception cref="BackendException">The control channel does not answer.</exception>
    public async Task<string?> ContradictionAsync(NamedControl named, CancellationToken cancellation)
    {
        using DnsConnection? held = await HoldAsync(cancellation);
        if (held is null) return null;
        RndcReply reply = await named.ServerStatusAsync(cancellation);
        return ClientsOf(reply.Text) == 0
            ? $"{server} answers us by TCP, and the named that the control channel reaches has no client by TCP"
            : null;
    }

    /// <summary>Clients by TCP at present; null when the status does not tell.</summary>
    public static int? ClientsOf(string status) =>
        Line(status, ClientsLabel) is { } line
        && int.TryParse(line.Split('/')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int clients) ? clients : null;

    /// <summary>In parentheses, or a remark that the version is not told.</summary>
    private static string? SetText(string text) => text.Contains("disabled", StringComparison.Ordinal) ? null : text.Trim('(', ')');

    private static string? Line(string status, string label) =>
        status.Split('\n').FirstOrDefault(line => line.StartsWith(label, StringComparison.Ordinal))?[label.Length..].Trim();

    /// <summary>A connection over which an answer has come, so that the server has taken it; null when there is none.</summary>
    private async Task<DnsConnection?> HoldAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource late = new(Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        DnsConnection? connection = null;
        try
        {
            connection = await DnsConnection.OpenAsync(server, either.Token);
            await connection.SendAsync(Question(), either.Token);
            if (!(await connection.ReceiveAsync(either.Token)).IsEmpty) return connection;
        }
        catch (SocketException)
        {
            // Whether it is away others find out.
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Neither is a slow one another one.
        }

        connection?.Dispose();
        return null;
    }

    private static byte[] Question()
    {
        byte[] buffer = new byte[QuestionSize];
        MessageWriter writer = new(buffer, id: 1, MessageHeader.ComposeFlags(Opcode.Query));
        writer.TryWriteQuestion(DomainName.Root, RecordType.SOA);
        return writer.Written.ToArray();
    }
}
