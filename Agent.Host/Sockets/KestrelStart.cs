using System.Net;
using System.Net.Sockets;

namespace Agent.Host.Sockets;

/// <summary>Starts a web server, or says what could not be bound and why.</summary>
internal static class KestrelStart
{
    /// <summary>What logs a failing start as well, with a stack trace that says less than the exception below.</summary>
    public const string Host = "Microsoft.Extensions.Hosting.Internal.Host";

    /// <param name="use">What the address is for, in a message.</param>
    /// <exception cref="IOException">The address cannot be bound.</exception>
    public static async Task StartAsync(WebApplication application, IPEndPoint listen, string use)
    {
        try
        {
            await application.StartAsync();
        }
        catch (Exception problem) when (problem is IOException or SocketException)
        {
            await application.DisposeAsync();
            throw new IOException($"cannot bind {listen} for {use}: {problem.GetBaseException().Message}", problem);
        }
    }
}
