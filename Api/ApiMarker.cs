namespace Overnight.Api;

/// <summary>Names this assembly for <c>WebApplicationFactory</c>, since Jobs has a <c>Program</c> too.</summary>
public sealed class ApiMarker;
