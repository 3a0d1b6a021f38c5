"""TensorFlow Serving's interfaces in front of a function: what a client says and hears, without the server."""

import base64
import contextlib
import http.server
import json
import threading


@contextlib.contextmanager
def rest_server(predict, model="served"):
    """The address of a server for requests of the signature `image_bytes`, as the REST API's page describes them.

    Args:
        predict: From a list of encoded images to a list of results; names that end in `_bytes` are sent as base64.
        model: The name that it answers to.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != f"/v1/models/{model}:predict" or request["signature_name"] != "image_bytes":
                return self.answer(404, {"error": f"Servable not found for request: {self.path}"})
            images = [base64.b64decode(each["image_bytes"]["b64"], validate=True) for each in request["instances"]]
            return self.answer(200, {"predictions": [_encoded(each) for each in predict(images)]})

        def answer(self, code, content):
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _encoded(result):
    return {
        name: {"b64": base64.b64encode(value).decode()} if name.endswith("_bytes") else value
        for name, value in result.items()
    }


@contextlib.contextmanager
def grpc_server(predict, model="served"):
    """The same by gRPC, with the official service; `predict` takes and gives arrays by name."""
    from concurrent import futures

    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):  # noqa: N802
            if (request.model_spec.name, request.model_spec.signature_name) != (model, "image_bytes"):
                context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {request.model_spec.name}")
            results = predict({name: tf.make_ndarray(value) for name, value in request.inputs.items()})
            response = predict_pb2.PredictResponse()
            for name, value in results.items():
                response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
            return response

    server = grpc.server(futures.ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
