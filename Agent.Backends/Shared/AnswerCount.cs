using System.Net;
using System.Net.Sockets;

namespace Agent.Backends.Shared;

/// <summary>
/// Asks a server by DNS and has its control channel say how much it has answered: a server that counts less than what was answered here is
/// not the one that answers. Others that ask meanwhile only add to the count; so this proves that there are two servers, never that there
/// is one.
/// </summary>
/// <param name="server">Where DNS is answered.</param>
/// <param name="time">The clock.</param>
internal sealed class AnswerCount(EndPoint server, TimeProvider time) : IAsyncDisposable
{
    private readonly ServerNaming _naming = new(server, time);

    /// <summary>What cannot be of one server; null when it can.</summary>
    /// <param name="countAsync">What the control channel has counted of such questions, or of all; null when it does not tell.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<string?> ContradictionAsync(Func<CancellationToken, Task<long?>> countAsync, CancellationToken cancellation)
    {
        if (await countAsync(cancellation) is not { } before) return null;
        int answered;
        try
        {
            (_, answered) = await _naming.AskOnceAsync(cancellation);
        }
        catch (SocketException)
        {
            return null;
        }

        if (answered == 0 || await countAsync(cancellation) is not { } after) return null;

        // Somebody may have set it to zero, or the server was started anew.
        bool isLess = after >= before && after - before < answered;
        return isLess
            ? $"{server} has answered {answered} questions, and the server that the control channel reaches has counted {after - before}"
            : null;
    }

    /// <summary>Ends what is under way.</summary>
    public ValueTask DisposeAsync() => _naming.DisposeAsync();
}
