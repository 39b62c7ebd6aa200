using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>What a CREATE or DELETE and its repeats have in common: a client that hears nothing sends the same message from the same port
/// once more.</summary>
internal readonly record struct RepeatKey(
    NetworkEndpoint Client,
    AnswerTransport Transport,
    ushort MessageId,
    ControlOperation Operation,
    DomainName Zone,
    DomainName? KeyName);
